import {runContextCases} from "../ops/run-context-cases.ts";

runContextCases("webgpu");
