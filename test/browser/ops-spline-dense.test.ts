import {splineDenseCases} from "../ops/spline-dense-cases.ts";

splineDenseCases("webgpu", "fused");
splineDenseCases("webgpu", "features");
