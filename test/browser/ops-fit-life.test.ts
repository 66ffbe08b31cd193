import {fitLifeCases} from "../ops/fit-life-cases.ts";

fitLifeCases("webgpu");
