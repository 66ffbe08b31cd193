// A small transformer that says the next character, with the error sent to points of it.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Optimizer} from "../../../src/ops/core/optimizers/optimizer.ts";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import {type Effort, searched, type Trained, type TrainingOf} from "./searched.ts";

const {adam, fit, freeze, key, layerwise} = ops;
const {feedbackPoints} = ops.forwardForward;

const SIZES = {features: 32, heads: 2, layers: 2};
const TEXT = {length: 32, validation: 0.006, test: 0.006};
const BATCH = 16;
const RATES = [0.001, 0.003, 0.01];

/** After each block, and after each part of one as well. */
const AFTER_BLOCKS = ["residual2", "residual4"];
const WITHIN_BLOCKS = [
  "residual1",
  "residual2/body/dense1",
  "residual2",
  "residual3",
  "residual4/body/dense1",
  "residual4"
];
/** What lies behind the last block. */
const isBehind = (name: string) => !/^(embedding|learnedPositions|residual)/.test(name);

interface Arm {
  points?: readonly string[];
  isLastAlone?: boolean;
}

const ARMS: Record<string, Arm> = {
  backpropagation: {},
  "points after blocks": {points: AFTER_BLOCKS},
  "points within blocks": {points: WITHIN_BLOCKS},
  "last layer alone": {isLastAlone: true}
};

/** The mean cross-entropy of a character of text that nothing has learned from, in nats. */
export async function transformer(effort: Effort): Promise<Figure[]> {
  const {vocabulary, ...sets} = await ops.datasets.tinyShakespeare(TEXT);
  const figures: Figure[] = [];
  for (const [name, arm] of Object.entries(ARMS))
    figures.push(
      ...(await searched(`transformer, ${name}`, {rates: RATES, effort}, (of) =>
        trained(arm, vocabulary.length, sets, of)
      ))
    );
  return figures;
}

async function trained(
  {points, isLastAlone}: Arm,
  vocabulary: number,
  {train, validation, test}: Record<"train" | "validation" | "test", Dataset>,
  {rate, seed, steps, isSearch}: TrainingOf
): Promise<Trained> {
  const network = ops.zoo.charTransformer({vocabulary, ...SIZES});
  const model = points ? feedbackPoints(network, {points}) : network;
  const own = adam({learningRate: rate});
  const optimizer: Optimizer = isLastAlone ? layerwise((name) => (isBehind(name) ? own : freeze())) : own;
  const run = fit(model as Layer, train, {
    key: key(seed),
    steps,
    batchSize: BATCH,
    optimizer,
    logEvery: steps,
    test: isSearch ? validation : test,
    evaluateEvery: isSearch ? steps : Math.max(1, Math.round(steps / 5))
  });
  const figures: Figure[] = [];
  let last = Number.NaN;
  for await (const {step, testLoss} of run) {
    if (testLoss === undefined) continue;
    last = testLoss;
    figures.push({case: `step ${step}`, metric: "test loss", value: last});
  }
  run.dispose();
  return {score: -last, figures};
}
