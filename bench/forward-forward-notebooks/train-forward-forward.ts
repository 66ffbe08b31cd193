// Forward-Forward with and without labels beside backpropagation, on the digits, of one seed, on wasm; prints one line of JSON: node train-forward-forward.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import type {LocalNetwork, LocalParams} from "../../src/ops/forward-forward/local-network.ts";
import {ops} from "../../src/ops/index.ts";
import {digitsInNode, type Figure, record} from "../support/recorded-in-node.ts";

const {adam, dense, fit, freeze, key, layerwise, mlp, tree} = ops;
const {forwardForward, goodnessReport, hybridImages, labelAsInput, localNetwork, withoutLabels} =
  ops.forwardForward;

const WIDTHS = [128, 128, 128];
const RATE = 3e-3;

/** Goodness is recorded at these numbers of steps, of one seed: as so many of its quantiles. */
const SHOWN = [1, 20, 100];
const QUANTILES = 30;

/** What is trained, by the name in the notebook. */
interface Arm {
  model: () => Layer;
  optimizer: () => Optimizer;
  /** Its blocks learn to tell positives from negatives. */
  judges?: boolean;
}

const blocks = () => WIDTHS.map((units) => dense({units, activation: "relu"}));
const supervised = () =>
  localNetwork({blocks: blocks(), rule: forwardForward({labels: labelAsInput({value: 3})}), classes: 10});
const unsupervised = () => {
  const negatives = hybridImages({blurs: 2, size: [8, 8]});
  const rule = forwardForward({negatives, labels: withoutLabels(), predict: "classifier"});
  return localNetwork({blocks: blocks(), rule, classes: 10});
};
const untrained = () =>
  layerwise((child) => (child === "classifier" ? adam({learningRate: RATE}) : freeze()));

const ARMS: Record<string, Arm> = {
  backpropagation: {
    model: () => mlp([64, ...WIDTHS, 10]) as Layer,
    optimizer: () => adam({learningRate: RATE})
  },
  supervised: {model: supervised as () => Layer, optimizer: () => adam({learningRate: RATE}), judges: true},
  unsupervised: {
    model: unsupervised as () => Layer,
    optimizer: () => adam({learningRate: RATE}),
    judges: true
  },
  "untrained blocks": {model: unsupervised as () => Layer, optimizer: untrained}
};

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const data = await digitsInNode([64]);
    const figures: Figure[] = [];
    for (const name of Object.keys(ARMS))
      figures.push(...(await train(name, data, {seed: Number(seed), steps: Number(steps)})));
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

type Data = {train: Dataset; test: Dataset};

async function train(
  name: string,
  {train: data, test}: Data,
  {seed, steps}: {seed: number; steps: number}
): Promise<Figure[]> {
  const {model: modelOf, optimizer, judges} = ARMS[name] as Arm;
  const model = modelOf();
  const every = steps / 20;
  const run = fit(model, data, {
    key: key(seed),
    steps,
    batchSize: 64,
    optimizer: optimizer(),
    test,
    logEvery: 1,
    evaluateEvery: every
  });
  const figures: Figure[] = [];
  for await (const {step, testAccuracy} of run) {
    const at = `${name}, step ${step}`;
    if (testAccuracy !== undefined) figures.push({case: at, metric: "test accuracy", value: testAccuracy});
    const isShown = seed === 0 && (SHOWN.includes(step) || step === steps);
    if (!judges || !(isShown || step === steps)) continue;
    const network = model as unknown as LocalNetwork;
    const report = await goodnessReport(network, run.params as LocalParams, test);
    for (const [i, {positive, negative, apart}] of report.entries()) {
      const block = `${name}, block ${i + 1}`;
      figures.push({case: `${block}, step ${step}`, metric: "pairs told apart", value: apart});
      if (!isShown) continue;
      figures.push(...quantiles(positive, block, step, "goodness of positives"));
      figures.push(...quantiles(negative, block, step, "goodness of negatives"));
    }
  }
  figures.push({case: name, metric: "parameters", value: tree.size(run.params)});
  run.dispose();
  return figures;
}

/** As many values as stand for all, from the lowest to the highest. */
function quantiles(values: number[], block: string, step: number, metric: string): Figure[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from({length: QUANTILES}, (_, i) => ({
    case: `${block}, quantile ${i + 1}, step ${step}`,
    metric,
    value: sorted[Math.floor(((i + 0.5) / QUANTILES) * sorted.length)] as number
  }));
}

await main(process.argv.slice(2));
