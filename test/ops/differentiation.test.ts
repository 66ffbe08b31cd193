import {differentiationCases} from "./differentiation-cases.ts";
import {einsumCases} from "./einsum-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  differentiationCases(backend);
  einsumCases(backend);
}
