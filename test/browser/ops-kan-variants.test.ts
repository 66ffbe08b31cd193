import {kanVariantsCases} from "../ops/kan-variants-cases.ts";

kanVariantsCases("webgpu");
