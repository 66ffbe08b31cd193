import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import {maskMoments} from "../../src/ops/pruning/masked.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use} from "./support.ts";

const {tf} = ops;
const KEY = ops.key(5);

/** Runs a body in no scope at all, and fails if it leaves a tensor behind that it did not free. */
const withoutRemainder = (body: () => Promise<void> | void) => async () => {
  const before = tf.memory().numTensors;
  await body();
  expect(tf.memory().numTensors).toBe(before);
};

/** What a function makes besides what it returns: the inputs are freed by the caller. */
function leftBehind(compute: () => unknown): number {
  const before = tf.memory().numTensors;
  try {
    ops.tree.dispose(compute() as Tensor);
  } catch {
    // Only what is left matters.
  }
  return tf.memory().numTensors - before;
}

/** What goes in at the edges: nothing, one class, no numbers, wrong shapes. */
export function edgeCases(backend: BackendName): void {
  describe(`edges on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "whole numbers and truth values that became floats are floats to every kernel and every plan",
      withoutRemainder(async () => {
        const whole = tf.tensor2d([1, 2, -3, 4], [2, 2], "int32");
        const [x, mask] = tf.tidy(() => [
          tf.cast(whole, "float32"),
          tf.cast(tf.greater(whole, 0), "float32")
        ]);
        const kernel = tf.tensor2d([1, 10], [2, 1]);
        const [y, kept] = [tf.matMul(x, kernel), ops.dense({units: 1}).apply({kernel} as never, mask)];
        await expectClose(y, [21, 37]);
        await expectClose(kept, [11, 10]);
        await expectClose(x, [1, 2, -3, 4]);
        const loop = ops.planned(
          (state: {sum: Tensor}, [ids]) => {
            const counts = tf.cast(ids as Tensor, "float32");
            return {state: {sum: tf.add(state.sum, counts)}, outputs: {counts}};
          },
          {sum: tf.zeros([2])}
        );
        for (let i = 0; i < 6; ++i) loop.step({values: Int32Array.of(i, 1), shape: [2]});
        const counts = loop.take("counts");
        await expectClose(counts, [5, 1]);
        await expectClose(loop.state.sum, [15, 6]);
        loop.dispose();
        tf.dispose([whole, x, mask, kernel, y, kept, counts]);
      })
    );
    emptyCases();
    notANumberCases();
    classCases();
    argumentCases();
    ownershipCases();
  });
}

function emptyCases(): void {
  const layers = {
    dense: [ops.dense({units: 3, activation: "relu"}), [4]],
    conv2d: [ops.conv2d({filters: 4, kernelSize: 3}), [5, 5, 2]],
    grouped: [ops.conv2d({filters: 4, kernelSize: 3, groups: 2}), [5, 5, 2]],
    maxPool2d: [ops.maxPool2d(), [4, 4, 2]],
    avgPool2d: [ops.avgPool2d(), [4, 4, 2]],
    globalAvgPool2d: [ops.globalAvgPool2d(), [4, 4, 2]],
    layerNorm: [ops.layerNorm(), [4]],
    multiHeadAttention: [ops.multiHeadAttention({heads: 2, causal: true}), [3, 8]],
    gru: [ops.gru({units: 3}), [3, 4]],
    mlp: [ops.mlp([4, 5, 2]), [2, 2]]
  } as const;

  test.each(Object.entries(layers))(
    "%s: a batch of none gives none, and gradients of zero",
    async (_name, [layer, shape]) => {
      const params = layer.init(KEY, shape);
      const x = tf.zeros([0, ...shape]);
      const y = layer.apply(params as never, x);
      expect(y.shape).toEqual([0, ...ops.shapeAfter(layer as never, shape)]);
      const grads = ops.grad((at: typeof params) => tf.sum(layer.apply(at as never, x)))(params);
      for (const leaf of ops.tree.leaves<Tensor>(grads as never)) {
        expect(Array.from(await leaf.data()).every((value) => value === 0)).toBe(true);
      }
      ops.tree.dispose([params, grads, x, y] as never);
    }
  );
}

function notANumberCases(): void {
  test("relu keeps what is no number, also in one pass with the product", async () => {
    const x = tf.tensor2d([[NaN, 1]]);
    const params = {kernel: tf.ones([2, 8])};
    const y = ops.dense({units: 8, activation: "relu", useBias: false}).apply(params, x);
    expect(Array.from(await y.data()).every(Number.isNaN)).toBe(true);
    ops.tree.dispose([x, params, y]);
  });

  test("accuracy takes a row that has no numbers for wrong", async () => {
    const logits = tf.tensor2d([
      [NaN, NaN],
      [NaN, 1],
      [2, 1],
      [0, 1]
    ]);
    const labels = tf.tensor1d([0, 0, 0, 0], "int32");
    const share = ops.accuracy(logits, labels);
    await expectClose(share, [0.25]);
    ops.tree.dispose([logits, labels, share]);
  });
}

function classCases(): void {
  test("one class: nothing to lose", async () => {
    const logits = tf.tensor2d([[3], [-2]]);
    const labels = tf.tensor1d([0, 0], "int32");
    const losses = [
      ops.softmaxCrossEntropy(logits, labels, {labelSmoothing: 0.1}),
      ops.softmaxCrossEntropy(logits, labels, {classWeights: [2]}),
      ops.multiClassHingeLoss(logits, labels),
      ops.multiClassHingeLoss(logits, labels, {kind: "crammer-singer"})
    ];
    for (const loss of losses) await expectClose(loss, [0]);
    ops.tree.dispose([logits, labels, ...losses]);
  });

  test("a class number that the logits do not have gives NaN, and its neighbours what is theirs", async () => {
    const logits = tf.zeros([3, 2]);
    const labels = tf.tensor1d([2, -1, 1], "int32");
    const given = [
      ops.softmaxCrossEntropy(logits, labels, {reduction: "none"}),
      ops.softmaxCrossEntropy(logits, labels, {reduction: "none", classWeights: [1, 1]}),
      ops.multiClassHingeLoss(logits, labels, {reduction: "none"})
    ];
    for (const loss of given) {
      const [above, below, right] = await loss.data();
      expect([above, below]).toEqual([NaN, NaN]);
      expect(right).toBeGreaterThan(0);
    }
    const slope = ops.grad((at: Tensor) => ops.softmaxCrossEntropy(at, labels, {reduction: "sum"}))(logits);
    await expectClose(tf.slice(slope, [2, 0]), [0.5, -0.5]);
    expect(Array.from((await slope.data()).slice(0, 4)).every(Number.isNaN)).toBe(true);
    ops.tree.dispose([logits, labels, ...given, slope]);
  });
}

function argumentCases(): void {
  const two = () => ({w: tf.ones([2])});
  const cases: [string, () => unknown, RegExp][] = [
    [
      "pooling beside the image",
      () => ops.maxPool2d({padding: 2}),
      /padding must be less than the window's size, \[2, 2\], got \[2, 2\]/
    ],
    [
      "mean pooling beside the image",
      () => ops.avgPool2d({windowSize: [3, 2], padding: [1, 2]}),
      /avgPool2d: padding/
    ],
    ["a misspelt mode", () => ops.varianceScaling({mode: "fan_in" as never}), /mode must be one of "fanIn"/],
    [
      "a misspelt distribution",
      () => ops.varianceScaling({distribution: "gauss" as never}),
      /distribution must be one of/
    ],
    [
      "a negative edge",
      () => ops.gcnAdjacency(2, [[0, 1, -1]]),
      /weight of the edge \[0, 1\] must be a number of at least 0/
    ],
    ["beta1 of 1", () => ops.adam({beta1: 1}), /beta1 must be less than 1/],
    ["beta2 of 1", () => ops.adamw({beta2: 1}), /beta2 must be less than 1/],
    [
      "rotary positions of an odd head",
      () => ops.multiHeadAttention({heads: 2, rotary: true}).init(KEY, [3, 6], "block1/attention"),
      /^block1\/attention: rotary positions need an even number of features a head/
    ],
    [
      "a gradient of another shape",
      () => ops.adam().update({w: tf.ones([3])}, ops.adam().init(two()), two()),
      /^w: expected parameter, gradient and the optimizer's state to have one shape, got \[2\] and \[3\]/
    ],
    [
      "a state of another network",
      () =>
        ops
          .sgd({learningRate: 1, momentum: 0.9})
          .update(two(), {step: 0, velocity: {w: tf.ones([5])}}, two()),
      /one shape, got \[2\] and \[5\]/
    ],
    [
      "a scaled gradient of another shape",
      () => ops.scaleByRms().update({w: tf.ones([3])}, ops.scaleByRms().init(two()), two()),
      /one shape, got \[3\] and \[2\]/
    ],
    [
      "a cell's input",
      () => ops.gruCell(ops.gru({units: 3}).init(KEY, [2, 4]), tf.ones([2, 5]), tf.ones([2, 3])),
      /^gruCell: expected an input of shape \[batch, 4\], got \[2, 5\]/
    ],
    [
      "a cell's state",
      () => ops.rnnCell(ops.rnn({units: 3}).init(KEY, [2, 4]), tf.ones([2, 4]), tf.ones([2, 2])),
      /^rnnCell \(h\): expected an input of shape \[2, 3\], got \[2, 2\]/
    ],
    [
      "a cell's memory",
      () =>
        ops.lstmCell(ops.lstm({units: 3}).init(KEY, [2, 4]), tf.ones([2, 4]), {
          h: tf.ones([2, 3]),
          c: tf.ones([1, 3])
        }),
      /^lstmCell \(c\)/
    ]
  ];
  test.each(cases)("%s is refused", (_name, compute, message) => {
    expect(() => tf.tidy(() => void compute())).toThrow(message);
  });
}

function ownershipCases(): void {
  test("layers that change nothing give a copy", () => {
    const x = tf.ones([2]);
    for (const layer of [ops.dropout(0.5), ops.activation("linear")]) layer.apply({}, x).dispose();
    expect(x.isDisposed).toBe(false);
    x.dispose();
  });

  test(
    "a nonlinearity of several operations leaves nothing behind",
    withoutRemainder(() => {
      const x = tf.ones([2]);
      const layer = ops.activation((at) => tf.relu(tf.mul(at, 2)));
      expect(leftBehind(() => layer.apply({}, x))).toBe(0);
      x.dispose();
    })
  );

  test(
    "optimizers that throw leave nothing behind",
    withoutRemainder(() => {
      const params = {a: tf.ones([2]), b: tf.ones([2])};
      const grads = {a: tf.ones([2]), b: tf.ones([3])};
      const fails = (step: number) => (step === 0 ? NaN : 1);
      const optimizers = [
        ops.adam(),
        ops.lion(),
        ops.rmsprop(),
        ops.ema(ops.sgd({learningRate: 1}), {decay: fails}),
        ops.perPath([
          ["a", ops.adam()],
          ["*", ops.adam({learningRate: fails})]
        ]),
        ops.pruning.masked(ops.adam(), {mask: {a: null, b: null} as never})
      ];
      for (const optimizer of optimizers) {
        const state = optimizer.init(params);
        const slopes = optimizer === optimizers[3] || optimizer === optimizers[4] ? params : grads;
        expect(leftBehind(() => optimizer.update(slopes, state, params).updates)).toBe(0);
        expect(leftBehind(() => ops.stepOptimizer(optimizer, slopes, state, params).params)).toBe(0);
        ops.tree.dispose(state);
      }
      ops.tree.dispose([params, grads]);
    })
  );

  test(
    "a gradient that throws leaves no value behind",
    withoutRemainder(() => {
      const broken = tf.customGrad((x) => ({
        value: tf.square(x as Tensor),
        gradFunc: () => {
          throw new Error("no slope");
        }
      }));
      const x = tf.scalar(2);
      expect(() => ops.grad((at: Tensor) => broken(at))(x)).toThrow("no slope");
      x.dispose();
    })
  );

  test("the moments of pruned weights are zeroed also where an optimizer keeps them by path", async () => {
    const params = {
      a: {kernel: tf.ones([2]), bias: tf.ones([1])},
      b: {kernel: tf.ones([2]), bias: tf.ones([1])}
    };
    const masks = {
      a: {kernel: tf.tensor1d([1, 0]), bias: null},
      b: {kernel: tf.tensor1d([0, 1]), bias: null}
    };
    const optimizer = ops.perPath([
      ["*bias", ops.sgd({learningRate: 1})],
      ["*", ops.adam()]
    ]);
    const {state} = optimizer.update(params, optimizer.init(params), params);
    const zeroed = maskMoments(state, params, masks as never) as [
      unknown,
      {step: number; mu: Record<string, Tensor>}
    ];
    expect(zeroed[1].step).toBe(1);
    await expectClose(zeroed[1].mu["a/kernel"] as Tensor, [0.1, 0]);
    await expectClose(zeroed[1].mu["b/kernel"] as Tensor, [0, 0.1]);
  });
}
