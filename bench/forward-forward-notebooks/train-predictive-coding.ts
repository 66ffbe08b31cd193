// Predictive coding and block coordinate descent beside backpropagation, on the digits, of one seed, on wasm; prints one line of JSON: node train-predictive-coding.js <wasm files> <seed> <steps>
import type {Layer} from "../../src/ops/core/layer.ts";
import type {BatchLoss} from "../../src/ops/core/task.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import type {PredictiveCodingOptions} from "../../src/ops/forward-forward/energy/predictive-coding.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {digitsInNode, type Figure, record} from "../support/recorded-in-node.ts";
import {askedOf, cosine, gradientOf} from "./gradients.ts";
import {implicitStep} from "./implicit-step.ts";

const {accuracy} = ops.metrics;
const {dense, key, mlp, sgd, tf, tree} = ops;
const {affineOutputs, blockCoordinateDescent, gradientCosines, predictiveCoding} = ops.forwardForward;

const WIDTHS = [64, 64];

/** Of inference. */
const STEPS = 6;
const RATE = 0.2;

/** Learning rates, by the size of a batch. */
const RATES: Record<number, number[]> = {
  1: [1 / 256, 1 / 64, 1 / 16, 1 / 4, 1, 4],
  64: [1 / 256, 1 / 64, 1 / 16, 1 / 4, 1, 4, 16]
};

/** Test data are looked at often while accuracies rise fast, then less often. */
const LOOKED = {early: 5, until: 40, late: 20};

/** Cosines are told in trainings of this batch and, by rule, rate: after these shares of the steps, on so many rows. */
const COMPARED: Record<string, number> = {"predictive coding": 1 / 16, incremental: 1 / 16, proximal: 1 / 4};
const SHOWN = [0.02, 0.25, 0.5, 0.75, 1];
const ROWS = 64;

/** Rates of the implicit step, and single examples that steps are compared on. */
const IMPLICIT = [0.1, 1, 10];
const EXAMPLES = 2;

const EPOCHS = 20;

type Data = {train: Dataset; test: Dataset};

/** Half the squared distance from rows of zeros and a one: the energy of the last level. */
const halfSquares: BatchLoss = (outputs, y) =>
  tf.mul(tf.mean(tf.sum(tf.square(tf.sub(outputs, tf.oneHot(y as never, 10))), 1)), 0.5);

const predictive = (more: Partial<PredictiveCodingOptions> = {}) =>
  predictiveCoding({
    layers: [...WIDTHS.map((units) => dense({units, activation: "tanh"})), dense({units: 10})],
    steps: STEPS,
    rate: RATE,
    ...more
  });

const RULES: Record<string, () => Layer> = {
  backpropagation: () => mlp([64, ...WIDTHS, 10], {activation: "tanh"}) as Layer,
  "predictive coding": () => predictive() as Layer,
  incremental: () => predictive({learn: "incremental"}) as Layer,
  proximal: () => predictive({weights: "proximal"}) as Layer
};

async function main([wasmPaths, seed, steps]: string[]): Promise<void> {
  await record(wasmPaths, async () => {
    const data = await digitsInNode([64]);
    const of = {seed: Number(seed), steps: Number(steps)};
    const figures = [...(await coordinates(data, of.seed)), ...(await settling(data.train, of.seed))];
    for (const rule of Object.keys(RULES))
      for (const [batch, rates] of Object.entries(RATES))
        for (const rate of rates)
          figures.push(...(await train({rule, batch: Number(batch), rate}, data, of)));
    return figures.map((figure) => ({...figure, case: `${figure.case}, seed ${seed}`}));
  });
}

interface Run {
  rule: string;
  batch: number;
  rate: number;
}

async function train(
  {rule, batch, rate}: Run,
  data: Data,
  {seed, steps}: {seed: number; steps: number}
): Promise<Figure[]> {
  const model = (RULES[rule] as () => Layer)();
  const shown = SHOWN.map((share) => Math.max(1, Math.round(share * steps)));
  const isLooked = (step: number) => step % (step <= LOOKED.until ? LOOKED.early : LOOKED.late) === 0;
  const run = ops.fit(model, data.train, {
    key: key(seed),
    steps,
    batchSize: batch,
    optimizer: sgd({learningRate: rate}),
    test: data.test,
    logEvery: 1,
    evaluateEvery: isLooked,
    ...(rule === "backpropagation" && {loss: halfSquares})
  });
  const at = `${rule}, batch ${batch}, rate ${rate}`;
  const figures: Figure[] = [];
  for await (const {step, testAccuracy, loss} of run) {
    // What has run away to no number stays there.
    if (!Number.isFinite(loss)) break;
    if (testAccuracy !== undefined)
      figures.push({case: `${at}, step ${step}`, metric: "test accuracy", value: testAccuracy});
    if (batch === 1 || COMPARED[rule] !== rate || !shown.includes(step)) continue;
    const rows = batchOf(data.train, ROWS);
    for (const {path, cosine} of await gradientCosines(model, run.params, {...rows, loss: halfSquares})) {
      const [, layer] = path.match(/^level(\d+)\/kernel$/) ?? [];
      if (layer)
        figures.push({
          case: `${at}, layer ${layer}, step ${step}`,
          metric: "cosine to the gradient",
          value: cosine
        });
    }
    tf.dispose([rows.x, rows.y]);
  }
  if (rule === "predictive coding" && batch === 64 && rate === COMPARED[rule])
    figures.push(
      ...(await energies(run.params, data.test, "trained")),
      ...(await nearness(run.params, data.train, "trained"))
    );
  run.dispose();
  return figures;
}

/** Energy while states settle, and steps beside the implicit one, before training. */
async function settling(data: Dataset, seed: number): Promise<Figure[]> {
  const params = predictive().init(key(seed), [64]) as Params;
  const figures = [
    ...(await energies(params, data, "untrained")),
    ...(await nearness(params, data, "untrained"))
  ];
  tree.dispose(params as never);
  return figures;
}

/** The mean energy of an example after each step of inference, at several rates. */
async function energies(params: Params, data: Dataset, when: string): Promise<Figure[]> {
  const {x, y} = batchOf(data, ROWS);
  const figures: Figure[] = [];
  for (const rate of [0.05, 0.1, 0.2, 0.5]) {
    const {states, energies: found} = predictive({steps: 40, rate}).trace(params as never, x, y);
    for (const [step, energy] of found.entries()) {
      const [sum = Number.NaN] = await energy.data();
      figures.push({
        case: `${when}, inference at ${rate}, step ${step}`,
        metric: "energy",
        value: sum / ROWS
      });
    }
    tf.dispose([...states.flat(), ...found]);
  }
  tf.dispose([x, y]);
  return figures;
}

/** How near steps come to the implicit step of the loss, for single examples: mean cosines. */
async function nearness(params: Params, data: Dataset, when: string): Promise<Figure[]> {
  const sums = new Map<string, number>();
  const add = (name: string, value: number) => sums.set(name, (sums.get(name) ?? 0) + value / EXAMPLES);
  const plain = predictive() as Layer;
  const settled = {steps: 40, rate: RATE};
  for (let example = 0; example < EXAMPLES; ++example) {
    const batch = batchOf(data, 1, example);
    const gradient = await gradientOf(plain, params, batch, halfSquares);
    const asked = {
      backpropagation: gradient,
      "predictive coding": await askedOf(predictive(settled) as Layer, params, batch, {key: key(0)}),
      proximal: await askedOf(predictive({...settled, weights: "proximal"}) as Layer, params, batch, {
        key: key(0)
      })
    };
    for (const rate of IMPLICIT) {
      const lossOf = (at: Params): Tensor => halfSquares(plain.apply(at, batch.x), batch.y);
      const {step, left} = await implicitStep(params, lossOf, rate);
      add(`implicit rate ${rate}, slope left`, left);
      for (const [name, update] of Object.entries(asked))
        add(`implicit rate ${rate}, ${name}`, -cosine(update, step));
    }
    for (const [name, update] of Object.entries(asked))
      add(`explicit step, ${name}`, cosine(update, gradient));
    tf.dispose([batch.x, batch.y]);
  }
  return [...sums].map(([name, value]) => ({
    case: `${when}, ${name.replace(", slope left", "")}`,
    metric: name.endsWith("slope left") ? "slope left" : "cosine of steps",
    value
  }));
}

/** Block coordinate descent, and backpropagation through the same network of ReLUs for as many passes over the rows. */
async function coordinates(data: Data, seed: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const rows = blockCoordinateDescent(data.train, {hidden: WIDTHS, epochs: EPOCHS, key: key(seed)});
  for (;;) {
    const {done, value} = rows.next();
    if (done) {
      const {inputs, labels} = data.test;
      const x = {rows: inputs.length / 64, columns: 64, values: Float64Array.from(inputs)};
      const share = accuracy(affineOutputs(value, x).values, labels as Int32Array);
      figures.push({case: "coordinates", metric: "test accuracy", value: share});
      break;
    }
    const {epoch, objective, moved, accuracy: trainAccuracy = Number.NaN} = value;
    const at = `coordinates, epoch ${epoch}`;
    figures.push({case: at, metric: "objective", value: objective});
    if (epoch > 0) figures.push({case: at, metric: "moved", value: moved});
    figures.push({case: at, metric: "train accuracy", value: trainAccuracy});
  }
  const run = ops.fit(mlp([64, ...WIDTHS, 10]) as Layer, data.train, {
    key: key(seed),
    epochs: EPOCHS,
    batchSize: 64,
    optimizer: sgd({learningRate: 1 / 16}),
    loss: halfSquares,
    test: data.test,
    evaluations: {train: {data: data.train}}
  });
  let last = {testAccuracy: Number.NaN, trainAccuracy: Number.NaN};
  for await (const row of run) if (row.testAccuracy !== undefined) last = row as never as typeof last;
  const at = "backpropagation through the same layers";
  figures.push(
    {case: at, metric: "test accuracy", value: last.testAccuracy},
    {case: at, metric: "train accuracy", value: last.trainAccuracy}
  );
  run.dispose();
  return figures;
}

/** Rows of a dataset. */
function batchOf({inputs, labels}: Dataset, rows: number, from = 0) {
  return {
    x: tf.tensor2d(inputs.slice(from * 64, (from + rows) * 64), [rows, 64]),
    y: tf.tensor1d((labels as Int32Array).slice(from, from + rows), "int32")
  };
}

await main(process.argv.slice(2));
