// What the notebook on local rules sets side by side: networks that `fit` trains, by the name in the notebook.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Optimizer} from "../../../src/ops/core/optimizers/optimizer.ts";
import type {LocalRule} from "../../../src/ops/forward-forward/local-rule.ts";
import {ops} from "../../../src/ops/index.ts";
import type {DataSet} from "./data-sets.ts";
import {imperfectlyModelled} from "./imperfectly-modelled.ts";

const {adam, batchNorm, dense, freeze, gru, layerwise, mlp, sequential} = ops;
const ff = ops.forwardForward;

/** A network and what trains it. */
export interface Arm {
  model(): Layer;
  /** What steps the parameters, made of an optimizer of the search; that itself where it is left out. */
  optimizer?(found: () => Optimizer): Optimizer;
  /** Of an image, where it is no row of all its pixels. */
  inputShape?: number[];
}

const WIDTHS = [128, 128, 128] as const;
const CLASSES = 10;
const STACK = {layers: [...WIDTHS, CLASSES]};

/** The layer that reads the hidden ones has this rate of Adam where hidden layers learn by themselves, and by no loss. */
const HEAD_RATE = 3e-3;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const hidden = () => WIDTHS.map(relu);

/** Blocks of the hidden sizes that each learn by a rule. */
const local = (rule: () => LocalRule, blocks: () => Layer[] = hidden): Arm => ({
  model: () => ff.localNetwork({blocks: blocks(), rule: rule(), classes: CLASSES}) as unknown as Layer
});
const network = (model: () => unknown): Arm => ({model: model as () => Layer});
/** Only these children of the parameters learn. */
const only = (names: readonly string[], arm: Arm): Arm => ({
  ...arm,
  optimizer: (found) => layerwise((name) => (names.includes(name) ? found() : freeze()))
});

const withLabels = () => ({labels: ff.labelAsInput({value: 3})});
const withoutLabels = ({blurs, size}: DataSet) => ({
  negatives: ff.hybridImages({blurs, size}),
  labels: ff.withoutLabels(),
  predict: "classifier" as const
});

const predictive = (options: Omit<Parameters<typeof ff.predictiveCoding>[0], "layers">) =>
  network(() =>
    ff.predictiveCoding({
      layers: [...hidden(), dense({units: CLASSES}) as Layer],
      steps: 6,
      rate: 0.2,
      ...options
    })
  );

/** Layers that learn from inputs alone, each after a norm, and a head by its own loss. */
function hebbian(widths: readonly number[], isTrained = true): Arm {
  const layers = () =>
    widths.flatMap((units) => [
      batchNorm({useScale: false, useBias: false}) as Layer,
      ff.softHebbDense({units}) as Layer,
      ff.triangle() as Layer
    ]);
  return {
    model: () => ff.hebbianNetwork({layers: layers(), classes: CLASSES}) as Layer,
    optimizer: (found) =>
      isTrained
        ? layerwise((name) => (name === "head" ? adam({learningRate: HEAD_RATE}) : found()))
        : layerwise((name) => (name === "head" ? found() : freeze()))
  };
}

/** Reads an image line by line, or some lines at a time. */
const recurrent = ({read}: DataSet, layer: () => Layer): Arm => ({
  model: () => sequential([layer(), dense({units: CLASSES})]) as Layer,
  inputShape: [...read]
});
const READ_ROWS = {units: 128, returnSequences: false};

const MEDIUM = {units: 128, saturation: 1};
const physicalBlocks = () =>
  WIDTHS.map((units, seed) => sequential([ff.randomScattering({...MEDIUM, seed}), relu(units)]) as Layer);
const modelledBlocks = (drift: number) => () =>
  sequential([
    ...WIDTHS.flatMap((units, seed) => [imperfectlyModelled({...MEDIUM, seed, drift}), relu(units)]),
    dense({units: CLASSES})
  ]) as Layer;

const whole = ({size: [height, width]}: DataSet) => mlp([height * width, ...STACK.layers]);
const backpropagation = (data: DataSet) => network(() => whole(data));

/** All of them, for images of these data. */
export const armsOf = (data: DataSet): Record<string, Arm> => ({
  backpropagation: backpropagation(data),
  "last layer alone": only(["dense4"], backpropagation(data)),

  "Forward-Forward, labels": local(() => ff.forwardForward(withLabels())),
  "Forward-Forward, no labels": local(() => ff.forwardForward(withoutLabels(data))),
  SymBa: local(() => ff.symba(withLabels())),
  "layer collaboration": local(() => ff.layerCollaboration(withLabels())),
  "scalable Forward-Forward": local(() => ff.scalableForwardForward({channelsPerClass: 4})),
  "Cascaded Forward, random blocks": local(() => ff.cascadedForward()),
  "Cascaded Forward, local": local(() => ff.cascadedForward({blocks: "local"})),
  "Cascaded Forward, feedback": local(() => ff.cascadedForward({blocks: "feedback"})),
  LLS: local(() => ff.lls()),
  "LLS-M": local(() => ff.lls({learned: "gain"})),
  "LLS-MxM": local(() => ff.lls({learned: "mixing"})),
  "Mono-Forward": local(() => ff.monoForward()),
  "Mono-Forward, last block": local(() => ff.monoForward({predict: "last"})),
  "momentum auxiliary": local(() => ff.momentumAuxiliary()),

  "feedback alignment": network(() => ff.feedbackAlignment(STACK)),
  "direct feedback alignment": network(() => ff.directFeedbackAlignment(STACK)),
  "direct feedback, ternary": network(() =>
    ff.directFeedbackAlignment({...STACK, errorForm: ff.ternaryError()})
  ),
  "direct feedback, 4 bits": network(() =>
    ff.directFeedbackAlignment({...STACK, errorForm: ff.quantizedError()})
  ),
  "Kolen-Pollack": network(() => ff.kolenPollack(STACK)),
  "product feedback": network(() => ff.productFeedback(STACK)),
  PEPITA: network(() => ff.pepita(STACK)),
  "PEPITA, linearised": network(() => ff.pepita({...STACK, linearized: true})),
  "PEPITA, mirrored": network(() => ff.pepita({...STACK, mirroring: {}})),
  "counter-current": network(() => ff.counterCurrent(STACK)),
  "forward gradient, weights": network(() => ff.forwardGradient(STACK)),
  "forward gradient, activities": network(() => ff.forwardGradient({...STACK, perturb: "activities"})),
  "forward gradient, local guess": network(() =>
    ff.forwardGradient({...STACK, perturb: "activities", guess: "local"})
  ),
  ...Object.fromEntries(
    [1, 3, 9].map((samples) => [
      `seeded perturbations, ${samples}`,
      network(() => ff.seededPerturbations(whole(data), {samples}))
    ])
  ),

  "predictive coding": predictive({}),
  "incremental predictive coding": predictive({learn: "incremental", steps: 3}),
  "proximal predictive coding": predictive({weights: "proximal"}),

  "SoftHebb, 3 layers": hebbian(WIDTHS),
  "SoftHebb, 1 layer": hebbian([WIDTHS[0]]),
  "SoftHebb's layers, untrained": hebbian(WIDTHS, false),

  NoProp: network(() => ff.noProp({classes: CLASSES, blocks: WIDTHS.length})),
  DiffusionBlocks: network(() => ff.diffusionBlocks({outputs: CLASSES, blocks: WIDTHS.length})),
  "DiffusionBlocks, uniform": network(() =>
    ff.diffusionBlocks({outputs: CLASSES, blocks: WIDTHS.length, partition: "uniform"})
  ),

  "physical layers, local": local(() => ff.forwardForward(withLabels()), physicalBlocks),
  "physical layers, exact model": network(modelledBlocks(0)),
  "physical layers, wrong model": network(modelledBlocks(0.7)),

  "GRU, through time": recurrent(data, () => gru(READ_ROWS) as Layer),
  "GRU, stationary feedback": recurrent(data, () => ff.stationaryFeedback(READ_ROWS) as Layer),
  "GRU, cut off": recurrent(data, () => ff.stationaryFeedback({...READ_ROWS, feedback: 0}) as Layer)
});
