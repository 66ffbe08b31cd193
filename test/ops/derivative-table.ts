import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {tf} = ops;

/** A function of one tensor and where to differentiate it. */
type Case = readonly [name: string, at: () => Tensor, f: (x: Tensor) => Tensor];

export const normal = (seed: number, ...shape: number[]) => ops.random.normal(ops.key(seed), shape);
const vector = () => normal(1, 6);
const matrix = () => normal(1, 3, 3);
const image = () => normal(5, 1, 5, 5, 2);
const positive = () => tf.add(tf.abs(normal(1, 5)), 0.3);
const inside = () => tf.mul(tf.tanh(normal(1, 5)), 0.9);
const ids = (...values: number[]) => tf.tensor1d(values, "int32");

/** Operations whose second derivative goes through what tfjs saves of the output: zero without a word, before the tape was mended. */
const SAVED_OUTPUTS: readonly Case[] = [
  ["exp", vector, (x) => tf.exp(x)],
  ["tanh", vector, (x) => tf.tanh(x)],
  ["sigmoid", vector, (x) => tf.sigmoid(x)],
  ["softmax", matrix, (x) => tf.softmax(x)],
  ["logSumExp", matrix, (x) => tf.logSumExp(x, 1)],
  ["max", matrix, (x) => tf.square(tf.max(x, 1))],
  ["min", matrix, (x) => tf.square(tf.min(x, 1))],
  ["pow", positive, (x) => tf.pow(x, x)],
  ["elu", vector, (x) => tf.elu(x)],
  ["maxPool", image, (x) => tf.maxPool(tf.square(x) as never, 3, 2, "same")],
  ["cross-entropy of tf.losses", matrix, (x) => tf.losses.softmaxCrossEntropy(tf.eye(3), x, undefined, 0.1)]
];

/** Operations that tfjs cannot differentiate once, or not twice. */
const MISSING: readonly Case[] = [
  ["where(greater)", vector, (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.mul(x, 3))],
  ["less", vector, (x) => tf.mul(tf.square(x), tf.cast(tf.less(x, 0.1), "float32"))],
  ["lessEqual", vector, (x) => tf.mul(tf.square(x), tf.cast(tf.lessEqual(x, 0.1), "float32"))],
  ["notEqual", vector, (x) => tf.mul(tf.square(x), tf.cast(tf.notEqual(x, 0), "float32"))],
  ["logicalNot, logicalOr", vector, (x) => tf.where(bothNot(x), tf.square(x), x)],
  ["floorDiv", vector, (x) => tf.mul(tf.square(x), tf.floorDiv(x, 0.7))],
  ["clipByValue", vector, (x) => tf.square(tf.clipByValue(x, -0.5, 0.5))],
  ["leakyRelu", vector, (x) => tf.square(tf.leakyRelu(x, 0.1))],
  ["relu6", vector, (x) => tf.square(tf.relu6(x))],
  ["selu", vector, (x) => tf.selu(x)],
  ["minimum", vector, (x) => tf.square(tf.minimum(x, 0.1))],
  ["divNoNan", positive, (x) => tf.divNoNan(2, x)],
  ["gatherND", matrix, (x) => tf.square(tf.gatherND(x, tf.tensor2d([0, 1, 2, 2, 0, 1], [3, 2], "int32")))],
  ["scatterND", () => normal(1, 3), (x) => tf.square(tf.scatterND(tf.expandDims(ids(0, 2, 0), 1), x, [4]))],
  ["topk", matrix, (x) => tf.square(tf.topk(x, 2).values)],
  ["cumprod", matrix, (x) => tf.cumprod(x, 1)],
  ["cumprod, exclusive", matrix, (x) => tf.mul(tf.cumprod(x, 0, true), x)],
  ["cumprod, reverse", matrix, (x) => tf.cumprod(x, 0, false, true)],
  ["cumprod with zeros", () => tf.tensor1d([2, 0, 3, 0, 4]), (x) => tf.cumprod(x)],
  ["prod", matrix, (x) => tf.prod(x)],
  ["stridedSlice", matrix, (x) => tf.square(tf.stridedSlice(x, [2, 0], [0, 3], [-1, 2]))],
  [
    "stridedSlice, masks",
    matrix,
    (x) => tf.square(tf.stridedSlice(x, [1, 9], [9, 9], [1, 1], 2, 2, 0, 0, 1))
  ],
  ["depthToSpace", () => normal(1, 1, 2, 2, 4), (x) => tf.square(tf.depthToSpace(x as never, 2, "NHWC"))],
  ["gather", matrix, (x) => tf.square(tf.gather(x, ids(2, 0, 2), 1))],
  ["unsortedSegmentSum", matrix, (x) => tf.square(tf.unsortedSegmentSum(x, ids(1, 0, 1), 2))],
  ["avgPool", image, (x) => tf.avgPool(tf.square(x) as never, 2, 1, "valid")],
  ["resizeBilinear", image, (x) => tf.image.resizeBilinear(tf.square(x) as never, [7, 3])],
  ["resizeNearestNeighbor", image, (x) => tf.image.resizeNearestNeighbor(tf.square(x) as never, [10, 10])],
  ["einsum", matrix, (x) => ops.einsum("ij,jk,kk->i", x, x, x)]
];

/** Operations that tfjs has no gradient kernel of, or no kernel at all, on wasm. */
const NOT_ON_WASM: readonly Case[] = [
  ["tf.einsum", matrix, (x) => tf.einsum("ij,kj->i", x, x)],
  [
    "conv2d",
    () => normal(2, 3, 3, 2, 2),
    (x) => tf.conv2d(tf.reshape(x, [1, 6, 3, 2]) as never, x as never, 1, "valid")
  ],
  [
    "depthwiseConv2d",
    () => normal(2, 3, 3, 2, 2),
    (x) => tf.depthwiseConv2d(tf.reshape(x, [1, 6, 3, 2]) as never, x as never, 1, "valid")
  ]
];

/** Our losses, of logits or predictions [3, 3]; cubes, so that the second derivative of a line is not zero. */
const LOSSES: readonly Case[] = [
  [
    "softmaxCrossEntropy",
    matrix,
    (x) => ops.softmaxCrossEntropy(cube(x), ids(0, 2, 1), {labelSmoothing: 0.1})
  ],
  [
    "softmaxCrossEntropy, by row",
    matrix,
    (x) => ops.softmaxCrossEntropy(cube(x), tf.eye(3), {reduction: "none"})
  ],
  ["binaryCrossEntropy", matrix, (x) => ops.binaryCrossEntropy(cube(x), tf.eye(3))],
  ["hingeLoss", matrix, (x) => ops.hingeLoss(cube(x), tf.sub(tf.mul(tf.eye(3), 2), 1), {squared: true})],
  ["multiClassHingeLoss", matrix, (x) => ops.multiClassHingeLoss(cube(x), ids(0, 2, 1))],
  ["huberLoss", matrix, (x) => ops.huberLoss(cube(x), tf.eye(3))],
  ["klDivergence", matrix, (x) => ops.klDivergence(cube(x), tf.softmax(normal(2, 3, 3)))],
  ["infoNce", matrix, (x) => ops.infoNce(cube(x), normal(2, 3, 3))]
];

function cube(x: Tensor): Tensor {
  return tf.mul(tf.mul(x, x), x);
}

const ACTIVATIONS: readonly Case[] = Object.entries(ops.activations).map(([name, activation]) => [
  name,
  vector,
  (x) => tf.mul(activation(x), x)
]);

function bothNot(x: Tensor): Tensor {
  return tf.logicalNot(tf.logicalOr(tf.greater(x, 0.5), tf.less(x, -0.5)));
}

/** Operations to differentiate twice on a backend. */
export function derivativeTable(backend: string): readonly Case[] {
  return [
    ...SAVED_OUTPUTS,
    ...MISSING,
    ...LOSSES,
    ...ACTIVATIONS,
    ...(backend === "wasm" ? [] : NOT_ON_WASM),
    ["asin", inside, (x) => tf.asin(x)]
  ];
}
