import {kanStructuresCases} from "../ops/kan-structures-cases.ts";

kanStructuresCases("webgpu");
