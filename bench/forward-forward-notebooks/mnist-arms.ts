// What notebooks/forward-forward.html compares on MNIST: networks of three layers of 500.
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
import type {PeerOptions} from "../../src/ops/forward-forward/goodness-rule.ts";
import type {LocalRule} from "../../src/ops/forward-forward/local-rule.ts";
import {normalizer} from "../../src/ops/forward-forward/normalization.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {adam, adamw, cosineSchedule, dense, mlp, sequential, varianceScaling} = ops;
const {
  forwardForward,
  hardNegatives,
  hybridImages,
  labelAsInput,
  layerCollaboration,
  localNetwork,
  monoForward,
  straightThroughRelu
} = ops.forwardForward;

const WIDTHS = [500, 500, 500];

/** The label as ten more numbers. */
const labels = labelAsInput({value: 3});

/** What is trained, by its name in the notebook. */
export interface Arm {
  model: () => Layer;
  /** What learns apart; nothing does by backpropagation. */
  blocks?: () => Layer[];
  /** What the first layer is given for images and their labels as rows of zeros and a one, where that is not the image. */
  given?: (x: Tensor, labels: Tensor) => Tensor;
  /** The trained network, where it judges positives and negatives, as it answers by goodness instead of by its classifier. */
  judges?: () => Layer;
  /** For so many steps. */
  optimizer: (steps: number) => Optimizer;
  /** Those of the steps that the bench tells are LONGEST. */
  epochs: number;
  /** One is enough where a training shows what goes wrong, or what layers look like. */
  seeds?: number;
}

/** Of the trainings that the notebook is about. */
export const LONGEST = 20;

/** All rates fall to nothing by a cosine. */
const adamFrom = (from: number) => (steps: number) => adam({learningRate: cosineSchedule({from, steps})});
/** Long trainings of goodness fit the training images ever more closely, which decay holds back. */
const decaying = (steps: number) =>
  adamw({learningRate: cosineSchedule({from: 1e-3, steps}), weightDecay: 0.1});

const relu500 = () => WIDTHS.map((units) => dense({units, activation: "relu"}));

/** Units that are to stay awake: a gradient also where they are silent, and with `peer` a mean activity like that of their peers. */
const awake500 = () =>
  WIDTHS.map((units) =>
    dense({
      units,
      activation: straightThroughRelu,
      kernelInit: varianceScaling({mode: "fanOut", distribution: "normal"})
    })
  );

const local = (blocks: Layer[], rule: LocalRule) => localNetwork({blocks, rule, classes: 10}) as Layer;

const divided = normalizer("rms");
const withLabel = (x: Tensor, own: Tensor) => divided(labels.embed(x, own));

interface JudgingOptions {
  /** The first layer that answers. */
  predictFrom?: number;
  peer?: PeerOptions;
}

/** The classifier reads what the layers give for an image without a label, in one pass, and so it chooses the negatives too. */
function judging(
  blocks: () => Layer[],
  rule: typeof forwardForward | typeof layerCollaboration,
  {predictFrom = 1, peer}: JudgingOptions = {}
): Pick<Arm, "model" | "blocks" | "judges" | "given"> {
  const shared = {labels, ...(peer && {peer})};
  return {
    model: () => local(blocks(), rule({...shared, negatives: hardNegatives(), predict: "classifier"})),
    judges: () => local(blocks(), rule({...shared, predictFrom})),
    given: withLabel,
    blocks
  };
}

const awake = judging(awake500, forwardForward, {peer: {}});
/** Nothing holds back how closely it fits the training images. */
const unchecked = {
  ...judging(awake500, forwardForward, {peer: {}, predictFrom: 2}),
  optimizer: adamFrom(1e-3),
  seeds: 1
};
/** Small numbers for goodness, wrong labels at random, and nothing that keeps units awake, as in mohammadpz's code but for the inputs. */
const plain = (rule: typeof forwardForward | typeof layerCollaboration): Arm => ({
  model: () => local(relu500(), rule({labels, goodness: "mean", threshold: 2, predictFrom: 1})),
  optimizer: adamFrom(3e-3),
  epochs: 5
});
const withoutLabels = (): LocalRule =>
  forwardForward({
    negatives: hybridImages({size: [28, 28]}),
    labels: ops.forwardForward.withoutLabels(),
    predict: "classifier",
    peer: {}
  });

export const ARMS: Readonly<Record<string, Arm>> = {
  backpropagation: {model: () => mlp([784, ...WIDTHS, 10]) as Layer, optimizer: adamFrom(1e-3), epochs: 5},
  "mono-forward": {
    model: () => local(relu500(), monoForward()),
    blocks: relu500,
    optimizer: adamFrom(1e-3),
    epochs: 5
  },
  "forward-forward": {...awake, optimizer: decaying, epochs: LONGEST},
  "forward-forward without labels": {
    model: () => local(awake500(), withoutLabels()),
    blocks: awake500,
    given: divided,
    optimizer: decaying,
    epochs: 10
  },
  "forward-forward for 5 epochs": {
    ...judging(awake500, forwardForward, {peer: {}}),
    optimizer: decaying,
    epochs: 5
  },
  "layer collaboration for 5 epochs": {
    ...judging(awake500, layerCollaboration, {peer: {}}),
    optimizer: decaying,
    epochs: 5
  },
  "plain forward-forward": plain(forwardForward),
  "plain layer collaboration": plain(layerCollaboration),
  "forward-forward without decay": {...unchecked, epochs: LONGEST},
  "forward-forward without decay for 40 epochs": {...unchecked, epochs: 40},
  "silent forward-forward": {
    ...judging(relu500, forwardForward, {predictFrom: 2}),
    optimizer: adamFrom(3e-3),
    epochs: 20,
    seeds: 1
  },
  // One block of all layers: the gradient of the last one's goodness goes back through the others.
  "backpropagation of goodness": {
    ...judging(() => [sequential(relu500())], forwardForward),
    optimizer: adamFrom(3e-3),
    epochs: 1,
    seeds: 1
  }
};
