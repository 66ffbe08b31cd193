// The networks that notebooks/kan-mnist.html compares: one hidden layer, about as many parameters each.
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Basis} from "../../src/ops/kan/bases/basis.ts";

const {bspline, chebyshev, fourier, kan, rbf, reluBumps, torchLinear, wavelet} = ops.kan;

export const BATCH = 128;

/** Parameters of the KAN [784, 64, 10] of cubic B-splines on five intervals, without factors of edges. */
const BUDGET = (784 + 10) * 64 * 9;

/** Hidden nodes for so many numbers an edge. */
const hiddenFor = (numbers: number) => Math.round(BUDGET / (794 * numbers));

/** A network, and Adam's learning rate at the start: it falls to nothing by a cosine. */
interface Contender {
  learningRate: number;
  model: () => Layer;
}

const kanOf = (basis: Basis, hidden: number, learningRate: number): Contender => ({
  learningRate,
  // Splines have a range, which layer normalisation of the hidden nodes keeps to; bumps bring their own.
  model: () =>
    kan([784, hidden, 10], {
      basis,
      baseInit: torchLinear,
      useScale: false,
      normalise: basis.squash !== "layerNorm"
    })
});

const splines = (form: "fused" | "matrix" | "recursive") =>
  kanOf(bspline({grid: 5, noise: 0.1, form}), 64, 0.01);

/** By name. */
export const contenders: Readonly<Record<string, Contender>> = {
  bspline: splines("fused"),
  recursive: splines("recursive"),
  matrix: splines("matrix"),
  rbf: kanOf(rbf(), hiddenFor(9), 2e-3),
  chebyshev: kanOf(chebyshev(), hiddenFor(5), 2e-3),
  fourier: kanOf(fourier({frequencies: 4}), hiddenFor(8), 2e-3),
  relu: kanOf(reluBumps(), hiddenFor(8), 5e-3),
  wavelet: kanOf(wavelet(), hiddenFor(7), 5e-3),
  mlp: {learningRate: 2e-3, model: () => ops.mlp([784, hiddenFor(1), 10])}
};
