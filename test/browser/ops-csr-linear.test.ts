import {csrLinearCases} from "../ops/csr-linear-cases.ts";

csrLinearCases("webgpu");
