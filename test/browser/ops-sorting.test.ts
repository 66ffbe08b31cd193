import {sortingCases} from "../ops/sorting-cases.ts";

sortingCases("webgpu");
