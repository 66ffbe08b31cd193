import {beforeAll, describe, test} from "vitest";
import {batchProduct} from "../../src/gpu/kernels/batch-product.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Context, Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

interface Case {
  layer: () => Layer;
  /** Shape of one input; a batch has three. */
  shape: readonly number[];
  context?: () => Context;
  /** The numbers of x lie so far apart that no step changes which is the largest. */
  apart?: boolean;
}

/** Every layer; smooth nonlinearities, because a difference across a kink is no derivative. */
const CASES: Record<string, Case> = {
  dense: {layer: () => ops.dense({units: 3, activation: "tanh"}) as Layer, shape: [4]},
  conv2d: {
    layer: () => ops.conv2d({filters: 3, kernelSize: [3, 2], activation: "tanh"}) as Layer,
    shape: [4, 5, 2]
  },
  "conv2d, strided, dilated, gelu": {
    layer: () =>
      ops.conv2d({filters: 2, kernelSize: 2, strides: [2, 1], dilation: 2, padding: 1, activation: "gelu"}),
    shape: [5, 4, 2]
  },
  "conv2d of one pixel": {layer: () => ops.conv2d({filters: 3, kernelSize: 1}), shape: [3, 2, 4]},
  "conv2d in groups": {
    layer: () => ops.conv2d({filters: 4, kernelSize: 3, groups: 2, activation: "silu"}),
    shape: [3, 4, 4]
  },
  depthwiseConv2d: {
    layer: () => ops.depthwiseConv2d({kernelSize: 3, multiplier: 2, activation: "tanh"}),
    shape: [4, 3, 2]
  },
  maxPool2d: {
    layer: () => ops.maxPool2d({windowSize: 3, strides: 2, padding: "same"}) as Layer,
    shape: [4, 5, 2],
    apart: true
  },
  avgPool2d: {
    layer: () => ops.avgPool2d({windowSize: [3, 2], strides: 2, padding: "same"}),
    shape: [4, 5, 2]
  },
  globalAvgPool2d: {layer: () => ops.globalAvgPool2d(), shape: [3, 2, 2]},
  "batchNorm, training": {
    layer: () => ops.batchNorm() as Layer,
    shape: [3, 2, 2],
    context: () => ({training: true})
  },
  "batchNorm, evaluation": {
    layer: () => ops.batchNorm(),
    shape: [4],
    context: () => ({state: {batchNorm: {mean: tf.ones([4]), variance: tf.fill([4], 2)}}})
  },
  layerNorm: {layer: () => ops.layerNorm() as Layer, shape: [3, 5]},
  rmsNorm: {layer: () => ops.rmsNorm() as Layer, shape: [3, 5]},
  dropout: {
    layer: () => ops.dropout(0.4),
    shape: [6],
    context: () => ({training: true, key: ops.key(5)})
  },
  sinusoidalPositions: {layer: () => ops.sinusoidalPositions(), shape: [3, 4]},
  learnedPositions: {layer: () => ops.learnedPositions({maxTime: 5}) as Layer, shape: [3, 4]},
  multiHeadAttention: {layer: () => ops.multiHeadAttention({heads: 2}), shape: [4, 6]},
  "multiHeadAttention, causal, rotary, masked, with dropout": {
    layer: () => ops.multiHeadAttention({heads: 2, features: 8, causal: true, rotary: true, dropout: 0.2}),
    shape: [4, 6],
    context: () => ({
      training: true,
      key: ops.key(3),
      mask: tf.tensor2d([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0], [3, 4])
    })
  },
  residual: {
    layer: () =>
      ops.residual([ops.dense({units: 3, activation: "tanh"}) as Layer, ops.dense({units: 4}) as Layer]),
    shape: [4]
  },
  "residual with a shortcut": {
    layer: () =>
      ops.residual(ops.dense({units: 3, activation: "sigmoid"}), {shortcut: ops.dense({units: 3})}),
    shape: [4]
  },
  "parallel, concat": {
    layer: () => ops.parallel([ops.dense({units: 2}), ops.dense({units: 3})]),
    shape: [4]
  },
  "parallel, multiply": {
    layer: () => ops.parallel([ops.dense({units: 2}), ops.dense({units: 2})], {combine: "multiply"}),
    shape: [4]
  },
  "reshape, flatten and activation": {
    layer: () => ops.sequential([ops.reshape([2, 3]), ops.activation("mish"), ops.flatten()]),
    shape: [6]
  },
  rnn: {layer: () => ops.rnn({units: 3}) as Layer, shape: [4, 2]},
  gru: {layer: () => ops.gru({units: 3, returnSequences: false}), shape: [4, 2]},
  lstm: {layer: () => ops.lstm({units: 3}), shape: [4, 2]},
  "graphConv on one graph": {
    layer: () => ops.graphConv({units: 2, adjacency: path(), activation: "tanh"}),
    shape: [4]
  },
  "graphConv on several": {
    layer: () => ops.graphConv({units: 2, activation: "tanh"}),
    shape: [3, 4],
    context: () => ({adjacency: path()})
  },
  "graphConv on a graph each": {
    layer: () => ops.graphConv({units: 2, useBias: false}),
    shape: [3, 4],
    context: () => ({adjacency: tf.stack([path(), tf.eye(3), path()])})
  }
};

const path = () =>
  ops.gcnAdjacency(3, [
    [0, 1],
    [1, 2]
  ]);

/** Different numbers in random order, 0.2 from each other. */
function spreadOut(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tf.tensor(
    Array.from(ops.key(1).permutation(size), (rank) => 0.2 * (rank - size / 2)),
    [...shape]
  );
}

/** First and second derivatives of every layer by its inputs and parameters against finite differences. */
export function layerGradientCases(backend: BackendName): void {
  describe(`derivatives of layers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(Object.entries(CASES))("%s", (_name, {layer: make, shape, context, apart}) =>
      withoutLeak(async () => {
        const layer = make();
        const x = apart ? spreadOut([3, ...shape]) : ops.random.normal(ops.key(1), [3, ...shape]);
        const params = layer.init(ops.key(2), shape);
        // A parameter that starts at zero or one has derivatives of its own only away from there.
        const shaken = ops.tree.map(
          (leaf: Tensor, name) => tf.add(leaf, ops.random.normal(ops.key(name.length), leaf.shape, 0, 0.2)),
          params
        );
        const given = context?.();
        await expectTrueGradients((at: {x: Tensor; params: Params}) => layer.apply(at.params, at.x, given), {
          x,
          params: shaken
        });
      })()
    );

    test.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true]
    ])("products of stacks of matrices, transposed: %s %s", (transposeA, transposeB) =>
      withoutLeak(async () => {
        const a = ops.random.normal(ops.key(1), transposeA ? [2, 3, 5, 4] : [2, 3, 4, 5]);
        const b = ops.random.normal(ops.key(2), transposeB ? [2, 3, 2, 5] : [2, 3, 5, 2]);
        const wanted = tf.matMul(a, b, transposeA, transposeB);
        const options = {transposeA, transposeB};
        await expectClose(batchProduct(a, b, options), Array.from(await wanted.data()));
        await expectTrueGradients((at: {a: Tensor; b: Tensor}) => batchProduct(at.a, at.b, options), {a, b});
      })()
    );

    test(
      "embedding",
      withoutLeak(async () => {
        const layer = ops.embedding({count: 5, features: 3});
        const ids = tf.tensor2d([0, 2, 2, 4, 1, 2], [2, 3], "int32");
        await expectTrueGradients(
          (at: ReturnType<typeof layer.init>) => layer.apply(at, ids),
          layer.init(ops.key(1), [3])
        );
      })
    );
  });
}
