import type {FitOptions} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";

/** A model, its data, how it is trained, and what is wanted of it on data that it has not seen. */
export interface Recipe {
  title: string;
  load(): Promise<{train: Dataset; test: Dataset; model: Layer}>;
  steps: number;
  quickSteps: number;
  batchSize: number;
  optimizer(steps: number): FitOptions["optimizer"];
  /** The figure of an evaluation, as a number of which less is better. */
  figure(evaluation: {loss: number; accuracy: number}): number;
  metric: string;
  unit: string;
  target: number;
}

/** Characters of a window of the text. */
const WINDOW = 32;

/** Rises to `rate` over `warmup` steps, and falls in a line to a hundredth of it at the end. */
const ramp = (rate: number, warmup: number, steps: number) => (step: number) =>
  rate * Math.min(1, (step + 1) / warmup) * Math.max(0.01, 1 - step / steps);

const wrong = {
  figure: ({accuracy}: {accuracy: number}) => 100 * (1 - accuracy),
  metric: "test images told wrongly",
  unit: "%"
};

export const recipes: Readonly<Record<string, Recipe>> = {
  "lenet-300-100": {
    title: "LeNet-300-100 on MNIST",
    load: async () => ({...(await ops.datasets.mnist()), model: ops.zoo.lenet300100() as Layer}),
    steps: 3752,
    quickSteps: 469,
    batchSize: 128,
    optimizer: (steps) => ops.adam({learningRate: ramp(2e-3, 100, steps)}),
    ...wrong,
    target: 2
  },
  lenet5: {
    title: "LeNet-5 (61,706 parameters) on MNIST",
    load: async () => ({...(await ops.datasets.mnist()), model: ops.zoo.lenet5() as Layer}),
    steps: 2814,
    quickSteps: 200,
    batchSize: 64,
    optimizer: (steps) => ops.adam({learningRate: ramp(3e-3, 100, steps)}),
    ...wrong,
    target: 1.1
  },
  "char-transformer": {
    title: "char transformer on Shakespeare's last tenth",
    async load() {
      const sets = await ops.datasets.text("data/text/tinyshakespeare.txt", {
        length: WINDOW,
        validation: 0,
        test: 0.1
      });
      const vocabulary = sets.vocabulary.length;
      return {...sets, model: ops.zoo.charTransformer({vocabulary, activation: "relu"}) as Layer};
    },
    steps: 1500,
    quickSteps: 60,
    batchSize: 32,
    optimizer: (steps) =>
      ops.chain(
        ops.clipByGlobalNorm(1),
        ops.adamw({learningRate: ramp(5e-3, 50, steps), beta2: 0.99, weightDecay: 0.1})
      ),
    figure: ({loss}) => loss / Math.LN2,
    metric: "bits a character",
    unit: "bits",
    target: 2.75
  }
};
