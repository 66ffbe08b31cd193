// A mixture with each router on the rows of the digits, of one seed, on wasm; prints one line of JSON: node train-routers.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {MoeLayer, MoeOptions} from "../../src/ops/moe/moe.ts";
import type {Router} from "../../src/ops/moe/routing.ts";
import {digitsInNode, type Figure, record} from "../support/recorded-in-node.ts";

const {moe} = ops;
const EXPERTS = 8;
/** Rows of a digit, which are its tokens. */
const ROWS = 8;
/** Hidden units that compute a token: two experts of 16, or one of 32. */
const ACTIVE = 32;
/** Pixels of a row, and numbers that the layer makes of it. */
const [FEATURES, OUTPUTS] = [8, 16];

const CAPACITY = {factor: 1.25, rule: "tutel"} as const;

/** An expert for routers that give a token k of them. */
const expertFor = (k: number) => moe.mlpExpert({hidden: ACTIVE / k, units: OUTPUTS});

type Choice = Pick<MoeOptions, "losses"> & {router: Router; k?: number; isLimited?: boolean};

/** Rows with few bright pixels after each other have other numbers: which of the eight are above the mean. */
const rowIds = (x: InstanceType<typeof ops.tf.Tensor>) => {
  const {tf} = ops;
  const powers = tf.tensor1d(Array.from({length: 8}, (_, i) => 2 ** i));
  return tf.cast(tf.sum(tf.mul(tf.cast(tf.greater(x, 0), "float32"), powers), -1), "int32");
};

/** Leaves what some routers ask for: a number for each row as "tokens", its place as "task". */
const leaveRows: Layer = {
  name: "leaveRows",
  init: () => ({}),
  apply(_params, x, context) {
    const {tf} = ops;
    const batch = x.shape[0] as number;
    context?.leave?.("tokens", rowIds(x));
    context?.leave?.("task", tf.tile(tf.expandDims(tf.range(0, ROWS, 1, "int32"), 0), [batch, 1]));
    return x;
  }
};

const table = () => moe.hashTable(EXPERTS, {kind: "random", vocabulary: 256, key: ops.key(7)});
const balance = {balance: 0.01};

const ROUTERS: Record<string, () => Choice> = {
  "top-1": () => ({router: moe.topKRouter({k: 1, weights: "softmax"}), k: 1}),
  "switch: top-1, jitter, balance loss": () => ({router: moe.switchRouter(), k: 1, losses: balance}),
  "top-2": () => ({router: moe.topKRouter({k: 2})}),
  "top-2, balance loss": () => ({router: moe.topKRouter({k: 2}), losses: balance}),
  "noisy top-2, importance and load": () => ({
    router: moe.noisyTopKRouter({k: 2}),
    losses: {importance: 0.01, load: 0.01}
  }),
  "sigmoid, bias without loss": () => ({router: moe.sigmoidRouter({k: 2, biasStep: 0.01})}),
  cosine: () => ({router: moe.cosineRouter({k: 2}), losses: balance}),
  "prototypes, 2 groups": () => ({router: moe.prototypeRouter({prototypes: 2})}),
  "switch and mixture": () => ({router: moe.switchAndMixtureRouter({groups: 2, k: 2}), losses: balance}),
  threshold: () => ({router: moe.thresholdRouter({k: 2}), losses: balance}),
  "SparseMixer-v2": () => ({router: moe.sparseMixerRouter({k: 2}), losses: balance}),
  "ReLU and norm, chunk sparsity": () => ({router: moe.reluNormRouter(), losses: {chunkSparsity: 0.01}}),
  "by task: the row's place": () => ({router: moe.taskRouter({tasks: ROWS, k: 2}), losses: balance}),
  "expert choice": () => ({router: moe.expertChoiceRouter({factor: 2}), isLimited: false}),
  "hash of pixels": () => ({router: moe.hashRouter({table: table()}), k: 1}),
  "hash of place": () => ({router: moe.hashRouter({by: "position"}), k: 1})
};

/** Layers that mix all experts, or are dense. */
const OTHERS: Record<string, () => Layer> = {
  "soft MoE": () =>
    moe.softMoe({experts: EXPERTS, slots: (2 * ROWS) / EXPERTS, expert: expertFor(2)}) as Layer,
  "SMEAR: merged experts": () => moe.smear({experts: EXPERTS, expert: expertFor(1)}) as Layer,
  "dense, equal work": () => denseOf(ACTIVE),
  "dense, equal parameters": () => denseOf((EXPERTS * ACTIVE) / 2)
};

/** A perceptron for every row: a mixture of one expert, which has weight 1. */
function denseOf(hidden: number): Layer {
  const expert = moe.mlpExpert({hidden, units: OUTPUTS});
  return moe.moe({experts: 1, router: moe.topKRouter({k: 1}), expert}) as Layer;
}

function mixture({router, k = 2, losses, isLimited = router.k !== undefined}: Choice): Layer {
  return moe.moe({
    experts: EXPERTS,
    router,
    expert: expertFor(k),
    losses,
    ...(isLimited && {capacity: CAPACITY})
  }) as Layer;
}

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const data = await digitsInNode([ROWS, 8]);
    const layers: [string, () => Layer, boolean][] = [
      ...Object.entries(ROUTERS).map(([name, choice]): [string, () => Layer, boolean] => [
        name,
        () => mixture(choice()),
        true
      ]),
      ...Object.entries(OTHERS).map(([name, layer]): [string, () => Layer, boolean] => [name, layer, false])
    ];
    const figures: Figure[] = [];
    for (const [name, layer, isRouted] of layers)
      figures.push(...(await trained(name, layer(), isRouted, data, Number(seed), Number(steps))));
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

async function trained(
  name: string,
  layer: Layer,
  isRouted: boolean,
  {train, test}: {train: Dataset; test: Dataset},
  seed: number,
  steps: number
): Promise<Figure[]> {
  const model = ops.sequential([leaveRows, layer, ops.flatten(), ops.dense({units: 10})]);
  const run = ops.fit(model, train, {
    key: ops.key(seed),
    steps,
    batchSize: 32,
    optimizer: ops.adam({learningRate: 3e-3}),
    test,
    evaluateEvery: steps
  });
  let [accuracy, loss] = [Number.NaN, Number.NaN];
  for await (const row of run) {
    accuracy = row.testAccuracy ?? accuracy;
    loss = row.testLoss ?? loss;
  }
  const of = (metric: string, value: number): Figure => ({case: name, metric, value});
  const figures = [
    of("test accuracy", accuracy),
    of("test loss", loss),
    of("parameters", ops.tree.size(run.params))
  ];
  if (isRouted) {
    const {modelState} = run.state;
    const [report] = await moe.routingReport(model, run.params, test, {modelState});
    if (report) figures.push(...routingFigures(report, layer).map(([metric, value]) => of(metric, value)));
  } else figures.push(of("operations a token", ops.flops(layer, [ROWS, FEATURES]) / ROWS));
  run.dispose();
  console.error(`${name}: ${accuracy}`);
  return figures;
}

type Report = Awaited<ReturnType<typeof moe.routingReport>>[number];

/** Work counts the experts that tokens really got: some routers give more to one token than to another. */
function routingFigures(report: Report, layer: Layer): [string, number][] {
  const {load, loadEntropy, routerEntropy, dropped, unrouted, specialisation, experts} = report;
  const each = report.choices.reduce((sum, choices) => sum + choices, 0) / report.tokens;
  const {expert, router} = (layer as unknown as MoeLayer).options;
  const scores = router.flops?.({features: FEATURES, experts}) ?? 0;
  const operations = scores + each * (expert.flops?.(FEATURES) ?? 0);
  const classes = specialisation.length;
  const apart = specialisation.map(
    (row) => row.reduce((sum, share, e) => sum + Math.abs(share - (load[e] ?? 0)), 0) / 2
  );
  return [
    ["operations a token", operations],
    ["experts a token", each],
    ["load entropy", loadEntropy],
    ...(routerEntropy === undefined ? [] : [["router entropy", routerEntropy] as [string, number]]),
    ["share of dropped choices", dropped],
    ["share of tokens without an expert", unrouted],
    ["unused experts", load.filter((share) => share < 0.1 / experts).length],
    ["specialisation", apart.reduce((sum, each) => sum + each, 0) / classes],
    ...load.map((share, e): [string, number] => [`load of expert ${e + 1}`, share])
  ];
}

await main(process.argv.slice(2));
