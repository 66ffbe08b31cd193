import {competeCases} from "../ops/moe-compete-cases.ts";

competeCases("webgpu");
