import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {randomNumbers} from "./float64.ts";
import {poison} from "./matmul-cases.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
type Reduction = "mean" | "sum" | "none";

/** Targets as distributions: row after row. */
function targetsOf(labels: readonly number[], classes: number, smoothing: number): Float64Array {
  return Float64Array.from({length: labels.length * classes}, (_, i) => {
    const own = labels[Math.floor(i / classes)] === i % classes ? 1 : 0;
    return (1 - smoothing) * own + smoothing / classes;
  });
}

/** The losses of rows in double precision, and the gradients of their sum: softmax times the targets' sum, less the target. */
function lossOf(logits: ArrayLike<number>, targets: ArrayLike<number>, classes: number) {
  const rows = logits.length / classes;
  const losses = new Array<number>(rows).fill(0);
  const grads = new Array<number>(logits.length);
  for (let r = 0; r < rows; ++r) {
    const at = Array.from({length: classes}, (_, c) => r * classes + c);
    const top = Math.max(...at.map((i) => logits[i] as number));
    const logSum = top + Math.log(at.reduce((sum, i) => sum + Math.exp((logits[i] as number) - top), 0));
    const wanted = at.reduce((sum, i) => sum + (targets[i] as number), 0);
    for (const i of at) {
      const logProbability = (logits[i] as number) - logSum;
      if (targets[i] !== 0) losses[r] = (losses[r] as number) - (targets[i] as number) * logProbability;
      grads[i] = wanted * Math.exp(logProbability) - (targets[i] as number);
    }
  }
  return {losses, grads};
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Softmax cross-entropy and its gradient against float64, at sizes for one workgroup and for several. */
export function crossEntropyCases(backend: BackendName): void {
  describe(`softmax cross-entropy on ${backend}`, () => {
    beforeAll(() => use(backend));
    sizeCases();
    scaledCases();
    edgeCases();
  });
}

function sizeCases(): void {
  // One thread a row, eight, and thirty-two; one workgroup, and several.
  const sizes = [
    [1, 1],
    [7, 10],
    [1030, 3],
    [5, 65],
    [131, 65],
    [3, 300],
    [17, 1001]
  ] as const;
  const cases = sizes.flatMap((size) =>
    (["mean", "sum", "none"] as const).map((way) => [...size, way] as const)
  );

  test.each(cases)("%i rows of %i classes, %s: value and gradient", (rows, classes, reduction) =>
    withoutLeak(async () => {
      const numbers = randomNumbers(rows + classes, rows * classes).map((x) => 4 * x);
      const labels = Array.from({length: rows}, (_, r) => (r * 7) % classes);
      const {losses, grads} = lossOf(numbers, targetsOf(labels, classes, 0.1), classes);
      const weight = reduction === "mean" ? 1 / rows : 1;
      const expected = reduction === "none" ? losses : [sum(losses) * weight];
      const x = tf.tensor2d(numbers, [rows, classes]);
      const y = tf.tensor1d(labels, "int32");
      await poison(rows * classes, rows, 1);
      const loss = (logits: Tensor) => ops.softmaxCrossEntropy(logits, y, {reduction, labelSmoothing: 0.1});
      await expectClose(loss(x), expected, {rtol: 2e-5});
      const [value, slopes] = ops.valueAndGrad((logits: Tensor) => tf.sum(loss(logits)))(x);
      await expectClose(value, [sum(losses) * weight], {rtol: 2e-5});
      await expectClose(
        slopes,
        grads.map((each) => each * weight),
        {atol: 1e-6}
      );
    })()
  );
}

function scaledCases(): void {
  const [rows, classes] = [6, 5];
  const numbers = randomNumbers(3, rows * classes);
  const soft = randomNumbers(4, rows * classes).map((x) => Math.abs(x));
  const {losses, grads} = lossOf(numbers, soft, classes);
  const x = () => tf.tensor2d(numbers, [rows, classes]);
  const y = () => tf.tensor2d(soft, [rows, classes]);

  test.each([
    ["by itself", (loss: Tensor) => loss, 1],
    ["scaled", (loss: Tensor) => tf.mul(loss, -3), -3],
    ["in another shape", (loss: Tensor) => tf.reshape(loss, [1, 1]), 1],
    ["twice", (loss: Tensor) => tf.add(loss, loss), 2],
    ["squared", (loss: Tensor) => tf.square(loss), (2 * sum(losses)) / rows]
  ] as const)("soft labels, the loss %s", (_name, change, factor) =>
    withoutLeak(async () => {
      const labels = y();
      const slopes = ops.grad((at: Tensor) => change(ops.softmaxCrossEntropy(at, labels)))(x());
      await expectClose(
        slopes,
        grads.map((each) => (each * factor) / rows)
      );
    })()
  );

  test(
    "rows weighted one by one",
    withoutLeak(async () => {
      const weights = [1, 0, -2, 3, 0.5, 4];
      const [labels, factors] = [y(), tf.tensor1d(weights)];
      const weighted = (at: Tensor) =>
        tf.sum(tf.mul(ops.softmaxCrossEntropy(at, labels, {reduction: "none"}), factors));
      await expectClose(
        ops.grad(weighted)(x()),
        grads.map((each, i) => each * (weights[Math.floor(i / classes)] as number))
      );
    })
  );

  test(
    "tfjs's own gradient functions give the same",
    withoutLeak(async () => {
      const labels = y();
      const slopes = tf.grad((at: Tensor) => ops.softmaxCrossEntropy(at, labels, {reduction: "sum"}))(x());
      await expectClose(slopes, grads);
    })
  );

  test(
    "a second derivative agrees with finite differences of the first",
    withoutLeak(async () => {
      const labels = y();
      const loss = (at: Tensor) => ops.softmaxCrossEntropy(at, labels);
      const squared = (at: Tensor) => tf.sum(tf.square(ops.grad(loss)(at)));
      const direction = tf.tensor2d(randomNumbers(5, rows * classes), [rows, classes]);
      const at = x();
      const along = tf.sum(tf.mul(ops.grad(squared)(at), direction));
      const step = tf.mul(direction, 1e-2);
      const difference = tf.sub(squared(tf.add(at, step)), squared(tf.sub(at, step)));
      await expectClose(along, Array.from(await tf.div(difference, 2e-2).data()), {rtol: 2e-2, atol: 1e-4});
    })
  );
}

function edgeCases(): void {
  const gradOf = (logits: Tensor, labels: Tensor, reduction: Reduction = "sum") =>
    ops.valueAndGrad((at: Tensor) => tf.sum(ops.softmaxCrossEntropy(at, labels, {reduction})))(logits);

  test(
    "a class that is impossible and not wanted counts nothing",
    withoutLeak(async () => {
      const logits = tf.tensor2d([0, -Infinity, 0, 1000, -1000, 0], [2, 3]);
      const [value, slopes] = gradOf(logits, tf.tensor1d([0, 1], "int32"));
      await expectClose(value, [Math.log(2) + 2000]);
      await expectClose(slopes, [-0.5, 0, 0.5, 1, -1, 0]);
    })
  );

  test.each([NaN, Infinity])("a logit of %f and a label that is no class show in their rows alone", (bad) =>
    withoutLeak(async () => {
      const logits = tf.tensor2d([0, bad, 0, 0, 0, 0], [3, 2]);
      const [, slopes] = gradOf(logits, tf.tensor1d([0, 1, 2], "int32"), "none");
      const values = Array.from(await slopes.data());
      expect(values.slice(2, 4)).toEqual([0.5, -0.5]);
      expect([...values.slice(0, 2), ...values.slice(4)].every(Number.isNaN)).toBe(true);
    })()
  );

  test.each(["mean", "sum", "none"] as const)("no rows, %s: zero, and no gradient", (reduction) =>
    withoutLeak(async () => {
      const [value, slopes] = gradOf(tf.zeros([0, 4]), tf.tensor1d([], "int32"), reduction);
      await expectClose(value, [0]);
      expect(slopes.shape).toEqual([0, 4]);
    })()
  );

  test(
    "the same numbers give the same bits",
    withoutLeak(async () => {
      const logits = tf.tensor2d(randomNumbers(9, 700 * 40), [700, 40]);
      const labels = tf.tensor1d(
        Array.from({length: 700}, (_, r) => r % 40),
        "int32"
      );
      const bits = async () => {
        const [value, slopes] = gradOf(logits, labels);
        return [await value.data(), await slopes.data()];
      };
      const first = await bits();
      await poison(28_000, 1);
      expect(await bits()).toEqual(first);
    })
  );
}
