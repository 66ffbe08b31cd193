import {goodnessCases} from "../ops/ff-goodness-cases.ts";

goodnessCases("webgpu");
