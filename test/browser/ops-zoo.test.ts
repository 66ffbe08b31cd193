import {zooCases} from "../ops/zoo-cases.ts";

zooCases("webgpu");
