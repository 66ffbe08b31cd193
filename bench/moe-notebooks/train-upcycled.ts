// A dense network that is trained, then goes on as it is or upcycled, of one seed, on wasm; prints one line of JSON: node train-upcycled.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {digitsInNode, type Figure, record} from "../support/recorded-in-node.ts";

const SHAPE = [64];
const BATCH = 32;
const EXPERTS = 8;
/** So few hidden units that the dense network cannot learn everything. */
const HIDDEN = 8;

type Data = Awaited<ReturnType<typeof digitsInNode>>;

interface Arm {
  name: string;
  model: Layer;
  /** Fresh ones where left out. */
  params?: Params;
}

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const figures = await compared(await digitsInNode(SHAPE), Number(seed), Number(steps));
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

/** `steps` of the dense network first; then as much work for each arm as `steps` of a mixture are. */
async function compared(data: Data, seed: number, steps: number): Promise<Figure[]> {
  const {moe} = ops;
  const dense = ops.mlp([64, HIDDEN, 10]) as Layer;
  const first = await trained({name: "dense at first", model: dense}, data, seed, steps);
  const upcycled = (options: {noise?: number}) =>
    moe.upcycle(dense, first.params, {experts: EXPERTS, key: ops.key(seed).fold(3), ...options});
  const [same, noisy] = [upcycled({}), upcycled({noise: 0.2})];
  const most = steps * ops.flops(same.model, SHAPE);
  const arms: Arm[] = [
    {name: "dense goes on", model: dense, params: first.params},
    {name: "upcycled", model: same.model, params: same.params},
    {name: "upcycled, with noise", model: noisy.model, params: noisy.params},
    {name: "a mixture from scratch", model: same.model}
  ];
  const figures = [...first.figures, await difference(dense, first.params, same, data)];
  for (const arm of arms) {
    const own = Math.round(most / ops.flops(arm.model, SHAPE));
    figures.push(...(await trained(arm, data, seed + 100, own)).figures);
  }
  return figures;
}

async function trained({name, model, params}: Arm, {train, test}: Data, seed: number, steps: number) {
  const run = ops.fit(model, train, {
    key: ops.key(seed),
    steps,
    batchSize: BATCH,
    optimizer: ops.adam({learningRate: 2e-3}),
    test,
    evaluateEvery: Math.max(1, Math.floor(steps / 10)),
    ...(params && {params})
  });
  const figures: Figure[] = [
    {case: name, metric: "operations a prediction", value: ops.flops(model, SHAPE)},
    {case: name, metric: "parameters", value: ops.tree.size(run.params)}
  ];
  const note = (step: number, accuracy: number, loss: number) =>
    figures.push(
      {case: `${name}, step ${step}`, metric: "test accuracy", value: accuracy},
      {case: `${name}, step ${step}`, metric: "test loss", value: loss}
    );
  const before = await ops.evaluate(model, run.params, test);
  note(0, before.accuracy, before.loss);
  for await (const row of run)
    if (row.testAccuracy !== undefined && row.testLoss !== undefined)
      note(row.step, row.testAccuracy, row.testLoss);
  return {figures, params: run.params};
}

/** How far the outputs for the test data are moved by upcycling alone. */
async function difference(
  dense: Layer,
  params: Params,
  upcycled: {model: Layer; params: Params},
  {test}: Data
): Promise<Figure> {
  const {tf} = ops;
  const largest = tf.tidy(() => {
    const [a, b] = [ops.predict(dense, params, test), ops.predict(upcycled.model, upcycled.params, test)];
    return tf.max(tf.abs(tf.sub(a, b)));
  });
  const [value = Number.NaN] = await largest.data();
  return {case: "upcycled", metric: "largest difference of outputs at step 0", value};
}

await main(process.argv.slice(2));
