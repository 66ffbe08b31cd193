import {sparsifyCases} from "../ops/sparsify-cases.ts";

sparsifyCases("webgpu");
