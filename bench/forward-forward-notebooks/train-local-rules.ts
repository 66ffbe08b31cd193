// Learning rules beside backpropagation, on the digits: node train-local-rules.js <wasm files> <steps> <seeds> <names>, or <wasm files> names
import {besideBackpropagation} from "./local-rules/beside-backpropagation.ts";
import {DATA_SETS} from "./local-rules/data-sets.ts";

await besideBackpropagation(DATA_SETS.digits, process.argv.slice(2));
