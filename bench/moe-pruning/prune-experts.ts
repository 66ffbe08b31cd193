// Expert pruning of one seed in a process of its own, on wasm; prints one line of JSON: node prune-experts.js <wasm files> <seed> <quick|whole> <experts a token>
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import {openWasmInNode} from "../support/open-wasm-in-node.ts";

/** Test accuracy by the way of choosing experts and how many stay. */
export interface ExpertPruning {
  adapter: string;
  /** Of the fine-tuned network with all its experts. */
  whole: number;
  /** Before fine-tuning, on all ten digits. */
  pretrained: number;
  results: {arm: string; kept: number; accuracy: number}[];
  /** Steps of both trainings. */
  steps: readonly [number, number];
  cpuSeconds: number;
}

const EXPERTS = 16;
/** The digits that the network is fine-tuned to tell apart. */
const TASK = [3, 5, 8, 9];
const KEPT = [1, 2, 3, 4, 5, 6, 8, 12];
const RANDOM_DRAWS = 5;

async function main([wasmPaths, seed, size, experts]: string[]): Promise<void> {
  const adapter = await openWasmInNode(wasmPaths);
  const busy = process.cpuUsage();
  const steps = size === "quick" ? ([60, 30] as const) : ([1500, 500] as const);
  const key = ops.key(Number(seed));
  const {train, test} = await load();
  const task = {train: only(train), test: only(test)};
  const k = Number(experts);
  const model = network(k, {});
  const params = model.init(key, train.inputShape);
  const before = await trained(network(k, {balance: 0.1}), params, train, {
    steps: steps[0],
    key: key.fold(1)
  });
  const after = await trained(model, before, task.train, {steps: steps[1], key: key.fold(2)});
  const accuracyOf = async (of: Layer, at: Params) => (await ops.evaluate(of, at, task.test)).accuracy;
  const results: ExpertPruning["results"] = [];
  const {inputShape} = train;
  const pruned = async (arm: string, scores: Record<string, Float32Array>, kept: number) => {
    const small = ops.moe.pruneExperts(model, after, scores, {keep: kept, inputShape});
    results.push({arm, kept, accuracy: await accuracyOf(small.model, small.params)});
    ops.tree.dispose(small.params);
  };
  const report = await ops.moe.routingReport(model, after, task.train);
  const scores = {
    "router-norm change": await ops.moe.routerNormChange(model, before, after, {inputShape}),
    "router norm": await ops.moe.routerNorm(model, after, {inputShape}),
    load: ops.moe.expertLoad(report),
    "norm of weights": await ops.moe.expertNorm(model, after, {inputShape})
  };
  const seen = ops.datasets.gatherRows(
    task.train,
    Int32Array.from({length: 256}, (_, i) => i)
  );
  const calibration = ops.tf.tensor(seen.inputs, [256, ...inputShape]);
  for (const kept of KEPT.filter((each) => each >= k)) {
    for (const [arm, own] of Object.entries(scores)) await pruned(arm, own, kept);
    for (let draw = 0; draw < RANDOM_DRAWS; ++draw)
      await pruned("random", ops.moe.randomExpertScores(model, key.fold(10 + draw), {inputShape}), kept);
    const small = await ops.moe.mergeExperts(model, after, calibration, {keep: kept});
    results.push({arm: "merged", kept, accuracy: await accuracyOf(small.model, small.params)});
    ops.tree.dispose(small.params);
  }
  const {user, system} = process.cpuUsage(busy);
  const found: ExpertPruning = {
    adapter,
    whole: await accuracyOf(model, after),
    pretrained: (await ops.evaluate(model, before, test)).accuracy,
    results,
    steps,
    cpuSeconds: (user + system) / 1e6
  };
  console.log(JSON.stringify(found));
}

/** Each image goes to k experts of 16; their balance is trained for on all digits, not in fine-tuning. */
function network(k: number, losses: {balance?: number}): Layer {
  const mixture = ops.moe.moe({
    experts: EXPERTS,
    router: ops.moe.topKRouter({k, weights: "softmax"}),
    expert: ops.moe.mlpExpert({hidden: 8, units: 32}),
    losses
  });
  return ops.sequential([ops.flatten(), mixture, ops.activation("relu"), ops.dense({units: 10})]) as Layer;
}

async function trained(
  model: Layer,
  params: Params,
  data: Dataset,
  {steps, key}: {steps: number; key: ReturnType<typeof ops.key>}
): Promise<Params> {
  const training = ops.fit(model, data, {params, steps, key, batchSize: 64, logEvery: steps});
  for await (const row of training) console.error(`step ${row.step}: ${row.loss}`);
  const found = ops.tree.clone(training.params);
  training.dispose();
  return found;
}

function only(data: Dataset): Dataset {
  const rows = [...data.labels.keys()].filter((row) => TASK.includes(data.labels[row] as number));
  return ops.datasets.subset(data, rows);
}

async function load() {
  const fetchBytes = async (path: string) => new Uint8Array(await readFile(join("notebooks", path)));
  ops.datasets.configureDatasets({fetchBytes});
  return ops.datasets.split(await ops.datasets.digits(), {test: 0.3, seed: 1});
}

await main(process.argv.slice(2));
