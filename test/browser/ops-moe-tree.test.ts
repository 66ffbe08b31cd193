import {treeCases} from "../ops/moe-tree-cases.ts";

treeCases("webgpu");
