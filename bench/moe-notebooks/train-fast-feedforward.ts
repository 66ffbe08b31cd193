// Fast feedforward networks and perceptrons on the digits, of one seed, on wasm; prints one line of JSON: node train-fast-feedforward.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {
  FastFeedforwardOptions,
  FastFeedforwardParams
} from "../../src/ops/moe/layers/fast-feedforward.ts";
import {digitsInNode, type Figure, record} from "../support/recorded-in-node.ts";

const LEAF = 8;
const DEPTH = 4;

/** What is trained, by the name in the notebook. */
const TREES: Record<string, FastFeedforwardOptions> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map((depth) => [`tree of depth ${depth}`, {depth, leafUnits: LEAF, hardening: 3}])
  ),
  "not hardened": {depth: DEPTH, leafUnits: LEAF},
  balanced: {depth: DEPTH, leafUnits: LEAF, hardening: 3, balance: 1},
  "with a master leaf": {depth: DEPTH, leafUnits: LEAF, hardening: 3, masterUnits: LEAF},
  "balanced, with a master leaf": {
    depth: DEPTH,
    leafUnits: LEAF,
    hardening: 3,
    balance: 1,
    masterUnits: LEAF
  }
};
const WIDTHS = [8, 16, 32, 64, 128, 256];

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const data = await digitsInNode([64]);
    const training = {key: ops.key(Number(seed)), steps: Number(steps), batchSize: 64};
    const figures: Figure[] = [];
    for (const width of WIDTHS) figures.push(...(await trainDense(width, data, training)));
    for (const name of Object.keys(TREES)) figures.push(...(await trainTree(name, data, training)));
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

type Data = {train: Dataset; test: Dataset};
type Training = {key: ReturnType<typeof ops.key>; steps: number; batchSize: number};

const optimizer = () => ops.adam({learningRate: 3e-3});

function sizes(name: string, model: Layer, params: Parameters<typeof ops.tree.size>[0]): Figure[] {
  return [
    {case: name, metric: "operations a prediction", value: ops.flops(model, [64])},
    {case: name, metric: "parameters", value: ops.tree.size(params)}
  ];
}

async function trainDense(width: number, {train, test}: Data, training: Training): Promise<Figure[]> {
  const model = ops.mlp([64, width, 10]);
  const run = ops.fit(model, train, {
    ...training,
    optimizer: optimizer(),
    test,
    evaluateEvery: training.steps
  });
  let accuracy = Number.NaN;
  for await (const row of run) accuracy = row.testAccuracy ?? accuracy;
  const name = `dense of ${width}`;
  const figures = [
    ...sizes(name, model as Layer, run.params),
    {case: name, metric: "test accuracy", value: accuracy}
  ];
  run.dispose();
  return figures;
}

async function trainTree(name: string, {train, test}: Data, training: Training): Promise<Figure[]> {
  const model = ops.moe.fastFeedforward({...(TREES[name] as FastFeedforwardOptions), units: 10});
  const soft: Layer<FastFeedforwardParams> = {
    ...model,
    apply: (params, x) => model.apply(params, x, {training: true})
  };
  const run = ops.fit(model, train, {
    ...training,
    optimizer: optimizer(),
    test,
    evaluateEvery: training.steps / 10
  });
  const figures: Figure[] = [];
  for await (const row of run) {
    if (row.testAccuracy === undefined) continue;
    const {accuracy} = await ops.evaluate(soft, run.params, test);
    const at = `${name}, step ${row.step}`;
    figures.push(
      {case: at, metric: "test accuracy", value: row.testAccuracy},
      {case: at, metric: "test accuracy of all leaves", value: accuracy},
      {case: at, metric: "entropy of decisions", value: await entropyOf(model, run.params, test)}
    );
  }
  const {evenness, largest} = await leafUse(model, run.params, test);
  figures.push(
    ...sizes(name, model as Layer, run.params),
    {case: name, metric: "evenness of leaves", value: evenness},
    {case: name, metric: "share of the largest leaf", value: largest}
  );
  run.dispose();
  return figures;
}

type Tree = ReturnType<typeof ops.moe.fastFeedforward>;

/** The mean entropy of a decision, over that of a coin. */
async function entropyOf(model: Tree, params: FastFeedforwardParams, {inputs}: Dataset): Promise<number> {
  const {tf} = ops;
  const entropy = tf.tidy(() => {
    const logits = model.logits(params, tf.tensor2d(inputs, [inputs.length / 64, 64]));
    return tf.div(ops.moe.decisionEntropy(logits), Math.LN2);
  });
  const [value = Number.NaN] = await entropy.data();
  entropy.dispose();
  return value;
}

/** How evenly the test data spread over the leaves: 1 where all have as many, 0 where one has all. */
async function leafUse(model: Tree, params: FastFeedforwardParams, {inputs}: Dataset) {
  const {tf} = ops;
  const leaves = tf.tidy(() => model.leaves(params, tf.tensor2d(inputs, [inputs.length / 64, 64])));
  const counts = new Array<number>(params.leaves.in.kernel.shape[0] as number).fill(0);
  for (const leaf of await leaves.data()) counts[leaf] = (counts[leaf] as number) + 1;
  const rows = leaves.size;
  leaves.dispose();
  const shares = counts.filter((count) => count > 0).map((count) => count / rows);
  const entropy = -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
  return {evenness: entropy / Math.log(counts.length), largest: Math.max(...shares)};
}

await main(process.argv.slice(2));
