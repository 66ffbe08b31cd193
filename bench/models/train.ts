// Trains one model in a process of its own, on wasm, and prints one line of JSON: node train.js <wasm files> <recipe> <seed> <steps> <data>
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {ops} from "../../src/ops/index.ts";
import {openWasmInNode} from "../support/open-wasm-in-node.ts";
import {recipes} from "./recipes.ts";

/** What a training came to. */
export interface Trained {
  adapter: string;
  parameters: number;
  figure: number;
  /** From the first step to the last; and what the processor was busy with it. */
  seconds: number;
  cpuSeconds: number;
}

async function main([wasmPaths, name = "", seed, steps, dataFolder = ""]: string[]): Promise<void> {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`There is no recipe ${name}.`);
  const adapter = await openWasmInNode(wasmPaths);
  ops.datasets.configureDatasets({
    fetchBytes: async (path) => new Uint8Array(await readFile(join(dataFolder, path.replace(/^data\//, ""))))
  });
  const {train, test, model} = await recipe.load();
  const [start, busy] = [performance.now(), process.cpuUsage()];
  const {batchSize} = recipe;
  const optimizer = recipe.optimizer(Number(steps));
  const key = ops.key(Number(seed));
  const training = ops.fit(model, train, {steps: Number(steps), batchSize, optimizer, key, logEvery: 100});
  for await (const {step, loss} of training)
    console.error(`${name}, seed ${seed}: step ${step}, loss ${loss}`);
  const {user, system} = process.cpuUsage(busy);
  const seconds = (performance.now() - start) / 1000;
  const {modelState} = training.state;
  const evaluation = await ops.evaluate(model, training.params, test, {batchSize: 256, modelState});
  const trained: Trained = {
    adapter,
    parameters: ops.tree.size(training.params),
    figure: recipe.figure(evaluation),
    seconds,
    cpuSeconds: (user + system) / 1e6
  };
  console.log(JSON.stringify(trained));
}

await main(process.argv.slice(2));
