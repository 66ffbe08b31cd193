import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import * as plain from "./plain-losses.ts";
import {expectClose, fixture, numbers, type Stored, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;

/** Losses against reference numbers, first derivatives too; both derivatives against differences in float64. */
export function lossCases(backend: BackendName): void {
  describe(`losses on ${backend}`, () => {
    beforeAll(() => use(backend));
    referenceCases();
    derivativeCases();
    shapeCases();
  });
}

type Wanted = {
  none?: Stored | undefined;
  mean?: Stored | undefined;
  sum?: Stored | undefined;
  gradient?: Stored | undefined;
};

/** Checks each reduction and the gradient of the mean where the reference has it. */
async function expectLoss(
  x: Tensor,
  loss: (x: Tensor, reduction: "none" | "mean" | "sum") => Tensor,
  wanted: Wanted
) {
  for (const reduction of ["none", "mean", "sum"] as const) {
    if (wanted[reduction]) await expectClose(loss(x, reduction), wanted[reduction]);
  }
  if (wanted.gradient) await expectClose(ops.grad((at: Tensor) => loss(at, "mean"))(x), wanted.gradient);
}

function referenceCases(): void {
  test.each(["cross-entropy-class-weights", "cross-entropy-smoothing-class-weights"])("%s", (name) =>
    withoutLeak(async () => {
      const {params, inputs, outputs} = fixture(`core/${name}`);
      const labels = tensor(inputs.labels);
      const options = {
        labelSmoothing: params.label_smoothing as number,
        classWeights: numbers(inputs.class_weights)
      };
      await expectLoss(
        tensor(inputs.logits),
        (at, reduction) => ops.softmaxCrossEntropy(at, labels, {...options, reduction}),
        {none: outputs.per_example, mean: outputs.mean, sum: outputs.sum, gradient: outputs.grad_logits}
      );
      const sum = ops.softmaxCrossEntropy(tensor(inputs.logits), labels, {...options, reduction: "sum"});
      await expectClose(tf.div(sum, labels.shape[0] as number), outputs.mean_over_batch);
    })()
  );

  test.each(["bce-with-logits", "bce-with-logits-vector"])("binaryCrossEntropy: %s", (name) =>
    withoutLeak(async () => {
      const {inputs, outputs} = fixture(`core/${name}`);
      const logits = tensor(inputs.logits);
      const targets = tensor(inputs.targets);
      await expectLoss(logits, (at, reduction) => ops.binaryCrossEntropy(at, targets, {reduction}), {
        none: outputs.per_element,
        mean: outputs.mean,
        sum: outputs.sum,
        gradient: outputs.grad_logits
      });
      if (!inputs.pos_weight) return;
      const positiveWeights = numbers(inputs.pos_weight);
      await expectLoss(
        logits,
        (at, reduction) => ops.binaryCrossEntropy(at, targets, {positiveWeights, reduction}),
        {
          none: outputs.weighted_per_element,
          mean: outputs.weighted_mean,
          gradient: outputs.weighted_grad_logits
        }
      );
    })()
  );

  test.each(["mse-mae", "mse-mae-3d"])("meanAbsoluteError: %s", (name) =>
    withoutLeak(async () => {
      const {inputs, outputs} = fixture(`core/${name}`);
      const targets = tensor(inputs.targets);
      await expectLoss(
        tensor(inputs.predictions),
        (at, reduction) => ops.meanAbsoluteError(at, targets, {reduction}),
        {
          none: outputs.mae_per_element,
          mean: outputs.mae_mean,
          sum: outputs.mae_sum,
          gradient: outputs.mae_grad_predictions
        }
      );
    })()
  );

  test(
    "meanAbsoluteError has no slope where there is no error",
    withoutLeak(async () => {
      const loss = (at: Tensor) => ops.meanAbsoluteError(at, tf.tensor1d([1, 1]), {reduction: "sum"});
      await expectClose(ops.grad(loss)(tf.tensor1d([1, 2])), [0, 1]);
    })
  );

  test.each([1, 0.5])("huberLoss and smoothL1Loss with delta %d", (delta) =>
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/huber");
      const x = tensor(inputs.predictions);
      const targets = tensor(inputs.targets);
      const name = `delta_${delta.toFixed(1).replace(".", "_")}`;
      await expectLoss(x, (at, reduction) => ops.huberLoss(at, targets, {delta, reduction}), {
        none: outputs[`${name}_per_element`],
        mean: outputs[`${name}_mean`],
        gradient: outputs[`${name}_grad_predictions`]
      });
      await expectLoss(x, (at, reduction) => ops.smoothL1Loss(at, targets, {beta: delta, reduction}), {
        none: outputs[`${name}_smooth_l1_per_element`]
      });
    })()
  );

  test(
    "klDivergence",
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/kl-divergence");
      const logits = tensor(inputs.logits);
      const targets = tensor(inputs.targets);
      const targetLogits = tensor(inputs.target_logits);
      await expectLoss(logits, (at, reduction) => ops.klDivergence(at, targets, {reduction}), {
        none: outputs.per_example,
        mean: outputs.batch_mean,
        gradient: outputs.grad_logits
      });
      await expectClose(ops.klDivergence(logits, targets, {reduction: "elements"}), outputs.per_element);
      const between = (at: Tensor, wanted: Tensor) => ops.klDivergence(at, wanted, {targetLogits: true});
      await expectLoss(logits, (at) => between(at, targetLogits), {
        mean: outputs.from_logits_batch_mean,
        gradient: outputs.from_logits_grad_logits
      });
      await expectLoss(targetLogits, (at) => between(logits, at), {
        gradient: outputs.from_logits_grad_target_logits
      });
    })
  );

  test.each([
    ["hinge", false],
    ["squared_hinge", true]
  ])("hingeLoss: %s", (name, squared) =>
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/hinge");
      const signs = tensor(inputs.signs);
      await expectLoss(
        tensor(inputs.scores),
        (at, reduction) => ops.hingeLoss(at, signs, {squared, reduction}),
        {
          none: outputs[`${name}_per_example`],
          mean: outputs[`${name}_mean`],
          gradient: outputs[`${name}_grad_scores`]
        }
      );
    })()
  );

  test.each([
    ["multi_margin", "weston-watkins"],
    ["crammer_singer", "crammer-singer"]
  ] as const)("multiClassHingeLoss: %s", (name, kind) =>
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/hinge");
      const labels = tensor(inputs.labels);
      await expectLoss(
        tensor(inputs.logits),
        (at, reduction) => ops.multiClassHingeLoss(at, labels, {kind, reduction}),
        {
          none: outputs[`${name}_per_example`],
          mean: outputs[`${name}_mean`],
          gradient: outputs[`${name}_grad_logits`]
        }
      );
    })()
  );
}

const LABELS = [2, 0, 1];
const WEIGHTS = [0.5, 2, 1.25];
const TARGETS = [0.2, 0.5, 0.3, 0.6, 0, 0.4, 0.1, 0.1, 0.8];
const OTHERS = [0.4, -1.1, 0.7, 1.3, 0.2, -0.6, -0.9, 0.8, 0.5];
const SIGNS = [1, -1, 1, 1, -1, -1, 1, -1, 1];
/** No error of these against OTHERS and no margin with SIGNS lies at a kink. */
const START = [0.3, -0.7, 1.9, 0.25, -1.4, 0.9, 0.1, 0.65, -0.35];
const ALONG = [0.6, -0.3, 0.8, 0.2, 1, -0.5, 0.4, -0.9, 0.7];

type Case = {name: string; f: plain.Plain; loss: (x: Tensor) => Tensor};

/** Every loss of nine numbers, in three rows where it has rows. */
const SMOOTH: Case[] = [
  {
    name: "softmaxCrossEntropy, smoothed and weighted",
    f: plain.crossEntropy(LABELS, 3, 0.1, WEIGHTS),
    loss: (x) =>
      ops.softmaxCrossEntropy(rows(x), tf.tensor1d(LABELS, "int32"), {
        labelSmoothing: 0.1,
        classWeights: WEIGHTS
      })
  },
  {
    name: "softmaxCrossEntropy",
    f: plain.crossEntropy(LABELS, 3, 0, [1, 1, 1]),
    loss: (x) => ops.softmaxCrossEntropy(rows(x), tf.tensor1d(LABELS, "int32"))
  },
  {
    name: "binaryCrossEntropy",
    f: plain.binaryCrossEntropy(TARGETS, WEIGHTS),
    loss: (x) => ops.binaryCrossEntropy(rows(x), rows(tf.tensor1d(TARGETS)), {positiveWeights: WEIGHTS})
  },
  {
    name: "meanSquaredError",
    f: (x) => x.reduce((sum, each, i) => sum + (each - (OTHERS[i] as number)) ** 2 / 9, 0),
    loss: (x) => ops.meanSquaredError(x, tf.tensor1d(OTHERS))
  },
  {
    name: "huberLoss",
    f: plain.huber(OTHERS, 0.75),
    loss: (x) => ops.huberLoss(x, tf.tensor1d(OTHERS), {delta: 0.75})
  },
  {
    name: "klDivergence",
    f: plain.klDivergence(TARGETS, 3),
    loss: (x) => ops.klDivergence(rows(x), rows(tf.tensor1d(TARGETS)))
  },
  {
    name: "klDivergence by the logits of its targets",
    f: plain.klFromTargetLogits(OTHERS, 3),
    loss: (x) => ops.klDivergence(rows(tf.tensor1d(OTHERS)), rows(x), {targetLogits: true})
  },
  {
    name: "hingeLoss, squared",
    f: plain.squaredHinge(SIGNS),
    loss: (x) => ops.hingeLoss(x, tf.tensor1d(SIGNS), {squared: true})
  },
  ...[false, true].map((symmetric) => ({
    name: symmetric ? "infoNce, symmetric" : "infoNce",
    f: plain.infoNce(OTHERS, 3, 0.5, symmetric),
    loss: (x: Tensor) => ops.infoNce(rows(x), rows(tf.tensor1d(OTHERS)), {temperature: 0.5, symmetric})
  }))
];

const rows = (x: Tensor) => tf.reshape(x, [3, 3]);

function derivativeCases(): void {
  test.each(SMOOTH)("value and both derivatives of $name", ({f, loss}) =>
    withoutLeak(async () => {
      const [value, slope] = ops.valueAndGrad(loss)(tf.tensor1d(START));
      await expectClose(value, [f(START)]);
      await expectClose(slope, plain.slopes(f, START));
      const slopeAlong = (x: Tensor) => tf.sum(tf.mul(ops.grad(loss)(x), tf.tensor1d(ALONG)));
      await expectClose(ops.grad(slopeAlong)(tf.tensor1d(START)), plain.curvatureAlong(f, START, ALONG));
    })()
  );

  test(
    "infoNce learns its temperature",
    withoutLeak(async () => {
      const at = (t: number) => plain.infoNce(OTHERS, 3, t, true)(START);
      const loss = (temperature: Tensor) =>
        ops.infoNce(rows(tf.tensor1d(START)), rows(tf.tensor1d(OTHERS)), {temperature, symmetric: true});
      await expectClose(ops.grad(loss)(tf.scalar(0.5)), [(at(0.5 + 1e-5) - at(0.5 - 1e-5)) / 2e-5]);
    })
  );

  test(
    "infoNce gives a number a pair, and plain products without normalisation",
    withoutLeak(async () => {
      const x = tf.tensor2d([
        [1, 0],
        [0, 2]
      ]);
      const pairs = ops.infoNce(x, x, {temperature: 1, normalize: false, reduction: "none"});
      await expectClose(pairs, [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(-4))]);
      const same = tf.ones([8, 3]);
      await expectClose(ops.infoNce(same, same, {reduction: "mean"}), [Math.log(8)]);
    })
  );
}

function shapeCases(): void {
  test(
    "softmaxCrossEntropy and accuracy take sequences",
    withoutLeak(async () => {
      const logits = tf.tensor3d(START, [1, 3, 3]);
      const labels = tf.tensor2d([LABELS], [1, 3], "int32");
      const flat = plain.crossEntropy(LABELS, 3, 0, [1, 1, 1])(START);
      await expectClose(ops.softmaxCrossEntropy(logits, labels), [flat]);
      expect(ops.softmaxCrossEntropy(logits, labels, {reduction: "none"}).shape).toEqual([1, 3]);
      await expectClose(ops.accuracy(logits, labels), [2 / 3]);
    })
  );

  test("leaves nothing behind but its result", () => {
    const [x, y] = [tf.tensor2d(START, [3, 3]), tf.tensor2d(TARGETS, [3, 3])];
    const labels = tf.tensor1d(LABELS, "int32");
    const losses = [
      () => ops.softmaxCrossEntropy(x, labels),
      () => ops.softmaxCrossEntropy(x, labels, {classWeights: WEIGHTS, labelSmoothing: 0.1}),
      () => ops.binaryCrossEntropy(x, y, {positiveWeights: WEIGHTS}),
      () => ops.meanSquaredError(x, y),
      () => ops.meanAbsoluteError(x, y),
      () => ops.huberLoss(x, y),
      () => ops.smoothL1Loss(x, y),
      () => ops.klDivergence(x, y),
      () => ops.hingeLoss(x, y),
      () => ops.multiClassHingeLoss(x, labels),
      () => ops.multiClassHingeLoss(x, labels, {kind: "crammer-singer"}),
      () => ops.infoNce(x, y, {symmetric: true}),
      () => ops.accuracy(x, labels)
    ];
    const before = tf.memory().numTensors;
    for (const loss of losses) {
      loss().dispose();
      expect(tf.memory().numTensors, loss.toString()).toBe(before);
    }
    tf.dispose([x, y, labels]);
  });

  test("says which arguments are wrong", () => {
    tf.tidy(() => {
      const x = tf.zeros([2, 3]);
      const labels = tf.tensor1d([0, 1], "int32");
      const {ArgumentError, ShapeError} = ops;
      const fails = (
        compute: () => unknown,
        kind: typeof ArgumentError | typeof ShapeError,
        words: RegExp
      ) => {
        expect(compute).toThrow(kind);
        expect(compute).toThrow(words);
      };
      fails(() => ops.meanSquaredError(x, tf.zeros([3])), ShapeError, /\[2, 3\].*\[3\]/);
      fails(() => ops.softmaxCrossEntropy(x, tf.zeros([3])), ShapeError, /\[2\] or \[2, 3\]/);
      fails(() => ops.softmaxCrossEntropy(x, labels, {classWeights: [1]}), ArgumentError, /3 class weights/);
      fails(() => ops.softmaxCrossEntropy(x, labels, {classWeights: [1, -1, 1]}), ArgumentError, /class 1/);
      fails(() => ops.softmaxCrossEntropy(x, labels, {reduction: "avg" as "mean"}), ArgumentError, /"avg"/);
      fails(() => ops.binaryCrossEntropy(x, x, {positiveWeights: [1]}), ShapeError, /got 1/);
      fails(() => ops.huberLoss(x, x, {delta: 0}), ArgumentError, /delta/);
      fails(() => ops.smoothL1Loss(x, x, {beta: Number.NaN}), ArgumentError, /beta/);
      fails(() => ops.hingeLoss(x, x, {margin: -1}), ArgumentError, /margin/);
      fails(
        () => ops.multiClassHingeLoss(x, labels, {kind: "hinge" as "crammer-singer"}),
        ArgumentError,
        /kind/
      );
      fails(() => ops.multiClassHingeLoss(x, x), ShapeError, /class numbers/);
      fails(() => ops.klDivergence(x, labels), ShapeError, /klDivergence/);
      fails(() => ops.infoNce(x, x, {temperature: 0}), ArgumentError, /temperature/);
      fails(() => ops.infoNce(x, x, {temperature: tf.ones([2])}), ShapeError, /temperature/);
    });
  });
}
