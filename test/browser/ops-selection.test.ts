import {selectionCases} from "../ops/selection-cases.ts";

selectionCases("webgpu");
