import {randomCases} from "../ops/random-cases.ts";

randomCases("webgpu");
