// Learning rules beside backpropagation, on MNIST: node train-local-rules-mnist.js <wasm files> <steps> <seeds> <names>, or <wasm files> names
import {besideBackpropagation} from "./local-rules/beside-backpropagation.ts";
import {DATA_SETS} from "./local-rules/data-sets.ts";

await besideBackpropagation(DATA_SETS.MNIST, process.argv.slice(2));
