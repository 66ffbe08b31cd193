// Character transformers with dense or mixed feed-forward parts, of one seed, on wasm; prints one line of JSON: node train-language-models.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {RoutingLosses} from "../../src/ops/moe/losses/routing-losses.ts";
import type {Router} from "../../src/ops/moe/routing.ts";
import {eachPosition} from "../../src/ops/zoo/parts.ts";
import {median} from "../support/median.ts";
import {type Figure, notebookFiles, record} from "../support/recorded-in-node.ts";

const {moe} = ops;
/** Characters of a window, windows of a step, and one in how many windows of the held-out text is predicted. */
const [LENGTH, BATCH, EVERY] = [32, 16, 5];
const [FEATURES, BLOCKS, HEADS] = [64, 2, 4];
/** Hidden units that compute a token, and so many times as many that a layer has. */
const [ACTIVE, TIMES] = [64, 8];

type Feed = (vocabulary: string[], train: Dataset) => Layer;

const FEEDS: Record<string, Feed> = {
  "dense, equal work": () => denseOf(ACTIVE),
  "dense, equal parameters": () => denseOf(ACTIVE * TIMES),
  "switch: top-1": () => mixture(moe.switchRouter(), {balance: 0.01}),
  "top-2": () => mixture(moe.topKRouter({k: 2}), {balance: 0.01}),
  "hash of the character": (vocabulary, train) =>
    mixture(moe.hashRouter({table: evenTable(vocabulary, train)})),
  "soft MoE, each token by itself": () => softByToken()
};

const denseOf = (hidden: number): Layer =>
  ops.sequential([
    eachPosition(ops.dense({units: hidden, activation: "relu"})) as Layer,
    eachPosition(ops.dense({units: FEATURES})) as Layer
  ]) as Layer;

/** As many hidden units for each token, and in all, whatever the number of experts of a token. */
function mixture(router: Router, losses?: RoutingLosses): Layer {
  const k = router.k ?? 1;
  return moe.moe({
    experts: TIMES * k,
    router,
    expert: moe.mlpExpert({hidden: ACTIVE / k}),
    losses,
    // Nothing is dropped on held-out text: what is predicted of a character shall depend on those before it alone.
    capacity: {factor: 1.25, evaluationFactor: TIMES * k, rule: "tutel"},
    track: true
  }) as Layer;
}

/** The commonest characters one after the other to the expert with the fewest so far. */
function evenTable(vocabulary: string[], {tokens = new Int32Array()}: Dataset): Int32Array {
  const counts = new Float64Array(vocabulary.length);
  for (const token of tokens) counts[token] = (counts[token] ?? 0) + 1;
  return moe.hashTable(TIMES, {kind: "balanced", counts});
}

/** Soft MoE that is causal: each token is a group of its own, so that every expert computes every token. */
function softByToken(): Layer {
  const {tf} = ops;
  const soft = moe.softMoe({experts: TIMES, expert: moe.mlpExpert({hidden: ACTIVE})});
  return {
    ...soft,
    init: (key, [, features = 0], path) => soft.init(key, [1, features], path),
    apply: (params, x, context) =>
      tf.tidy(() => {
        const alone = tf.reshape(x, [-1, 1, FEATURES]);
        return tf.reshape(soft.apply(params as never, alone, context), x.shape);
      }),
    flops: ([time = 0, features = 0]) => time * (soft.flops?.([1, features]) ?? 0)
  };
}

function transformer(vocabulary: number, feed: () => Layer): Layer {
  const {layerNorm, residual} = ops;
  const block = (): Layer[] => [
    residual([layerNorm(), ops.multiHeadAttention({heads: HEADS, causal: true})]) as Layer,
    residual([layerNorm(), feed()]) as Layer
  ];
  const small = (key: ReturnType<typeof ops.key>, shape: readonly number[]) =>
    ops.random.normal(key, shape, 0, 0.02);
  return ops.sequential([
    ops.embedding({count: vocabulary, features: FEATURES, tableInit: small}) as Layer,
    ops.learnedPositions() as Layer,
    ...Array.from({length: BLOCKS}, block).flat(),
    layerNorm() as Layer,
    eachPosition(ops.dense({units: vocabulary, useBias: false, kernelInit: small})) as Layer
  ]) as Layer;
}

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  notebookFiles();
  const {train, test, vocabulary} = await ops.datasets.tinyShakespeare({length: LENGTH, validation: 0});
  const unseen = {...test, stride: EVERY * LENGTH};
  await record(wasmPaths, async () => {
    const figures: Figure[] = [];
    for (const [name, feed] of Object.entries(FEEDS)) {
      const model = transformer(vocabulary.length, () => feed(vocabulary, train));
      figures.push(...(await trained(name, model, {train, test: unseen}, Number(seed), Number(steps))));
    }
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

/** Rises over 50 steps, and falls in a line to a hundredth at the end. */
const rate = (steps: number) => (step: number) =>
  5e-3 * Math.min(1, (step + 1) / 50) * Math.max(0.01, 1 - step / steps);

async function trained(
  name: string,
  model: Layer,
  {train, test}: {train: Dataset; test: Dataset},
  seed: number,
  steps: number
): Promise<Figure[]> {
  const stepTimes: number[] = [];
  let busy = process.cpuUsage();
  const run = ops.fit(model, train, {
    key: ops.key(seed),
    steps,
    batchSize: BATCH,
    optimizer: ops.chain(
      ops.clipByGlobalNorm(1),
      ops.adamw({learningRate: rate(steps), beta2: 0.99, weightDecay: 0.1})
    ),
    test,
    evaluateEvery: Math.ceil(steps / 4),
    logEvery: 10,
    onStep: () => {
      const {user, system} = process.cpuUsage(busy);
      stepTimes.push((user + system) / 1000);
      busy = process.cpuUsage();
    }
  });
  const figures: Figure[] = [];
  const of = (metric: string, value: number, at = "") => figures.push({case: `${name}${at}`, metric, value});
  const dropped: number[] = [];
  let bits = Number.NaN;
  for await (const {step, testLoss, progress} of run) {
    if (progress > 0.5) dropped.push(...(await droppedShares(run.state.modelState)));
    if (testLoss === undefined) continue;
    bits = testLoss / Math.LN2;
    of("held-out bits a character", bits, `, step ${step}`);
  }
  of("bits a character", bits);
  of("parameters", ops.tree.size(run.params));
  of("operations a token", ops.flops(model, [LENGTH]) / LENGTH);
  of("processor time a step, ms", median(stepTimes));
  if (dropped.length > 0) {
    of("share of dropped choices", mean(dropped));
    const reports = await moe.routingReport(model, run.params, test, {by: "token"});
    reports.forEach((report, block) => {
      for (const [metric, value] of routingFigures(report)) of(metric, value, `, block ${block + 1}`);
    });
  }
  run.dispose();
  console.error(`${name}, seed ${seed}: ${bits.toFixed(3)} bits, ${median(stepTimes).toFixed(1)} ms a step`);
  return figures;
}

/** What capacities dropped in the last step, of each mixture. */
async function droppedShares(state: Readonly<Record<string, unknown>> = {}): Promise<number[]> {
  const shares = Object.values(state as Record<string, {dropped?: InstanceType<typeof ops.tf.Tensor>}>);
  const values = await Promise.all(shares.map(({dropped}) => dropped?.data()));
  return values.flatMap((value) => (value ? Array.from(value) : []));
}

type Report = Awaited<ReturnType<typeof moe.routingReport>>[number];

/** Specialisation is by the character that goes in, weighted by how often it comes. */
function routingFigures({load, loadEntropy, specialisation, choices, experts}: Report): [string, number][] {
  const all = choices.reduce((sum, count) => sum + count, 0);
  const apart = specialisation.map((row, character) => {
    const distance = row.reduce((sum, share, e) => sum + Math.abs(share - (load[e] ?? 0)), 0) / 2;
    return (distance * (choices[character] ?? 0)) / all;
  });
  return [
    ["load entropy", loadEntropy],
    ["unused experts", load.filter((share) => share < 0.1 / experts).length],
    ["specialisation", apart.reduce((sum, each) => sum + each, 0)],
    ...load.map((share, e): [string, number] => [`load of expert ${e + 1}`, share])
  ];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

await main(process.argv.slice(2));
