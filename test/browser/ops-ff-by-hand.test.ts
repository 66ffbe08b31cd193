import {byHandCases} from "../ops/ff-by-hand-cases.ts";

byHandCases("webgpu");
