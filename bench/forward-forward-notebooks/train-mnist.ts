// Forward-Forward, layer collaboration and Mono-Forward beside backpropagation on MNIST, of one seed, on wasm; prints one line of JSON: node train-mnist.js <wasm files> <seed> <steps> [<arm>]
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import {type Figure, mnistInNode, record} from "../support/recorded-in-node.ts";
import {ARMS, type Arm, LONGEST} from "./mnist-arms.ts";
import {representations} from "./mnist-representations.ts";

const BATCH = 64;

type Effort = {seed: number; steps: number};
type Data = {train: Dataset; test: Dataset};

async function main([wasmPaths, seed, steps, arm]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const data = await images();
    const figures: Figure[] = [];
    const hasSeed = (name: string) => Number(seed) < (ARMS[name]?.seeds ?? Infinity);
    for (const name of arm ? [arm] : Object.keys(ARMS).filter(hasSeed)) {
      const own = await train(name, data, {seed: Number(seed), steps: Number(steps)});
      // What has been computed is told at once: all of them take long.
      for (const figure of own)
        console.error(JSON.stringify({...figure, case: `${figure.case}, seed ${seed}`}));
      figures.push(...own);
    }
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

async function images(): Promise<Data> {
  const {train, test} = await mnistInNode();
  return {train: {...train, inputShape: [784]}, test: {...test, inputShape: [784]}};
}

async function train(name: string, {train: data, test}: Data, {seed, steps: all}: Effort): Promise<Figure[]> {
  const arm = ARMS[name];
  if (!arm) throw new Error(`There is no arm ${name}: there are ${Object.keys(ARMS).join(", ")}.`);
  const steps = Math.max(1, Math.round((all * arm.epochs) / LONGEST));
  const model = arm.model();
  const busy = process.cpuUsage();
  const run = ops.fit(model, data, {
    key: ops.key(seed),
    steps,
    batchSize: BATCH,
    optimizer: arm.optimizer(steps),
    test,
    logEvery: Math.ceil(steps / 20),
    evaluateEvery: Math.ceil(steps / 5)
  });
  const figures: Figure[] = [];
  for await (const {step, loss, testAccuracy} of run) {
    console.error(`${name}, seed ${seed}: step ${step} of ${steps}, loss ${loss}, test ${testAccuracy}`);
    if (testAccuracy !== undefined)
      figures.push({case: `${name}, step ${step}`, metric: "test error", value: 1 - testAccuracy});
  }
  const {user, system} = process.cpuUsage(busy);
  figures.push(
    {case: name, metric: "time of a step", value: (user + system) / 1000 / steps},
    {case: name, metric: "parameters", value: ops.tree.size(run.params)},
    ...(await toldByGoodness(name, arm, run.params, test)),
    ...representations(name, arm, run.params, test, seed === 0)
  );
  run.dispose();
  return figures;
}

/** The error where each label is tried, and the one with the most goodness is the answer. */
async function toldByGoodness(name: string, arm: Arm, params: Params, test: Dataset): Promise<Figure[]> {
  if (!arm.judges) return [];
  const {accuracy} = await ops.evaluate(arm.judges(), params, test, {batchSize: 100});
  return [{case: name, metric: "test error by goodness", value: 1 - accuracy}];
}

await main(process.argv.slice(2));
