import {beforeAll, describe, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Context, Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {bspline, chebyshev, fourier, kan, kanLayer, rbf, reluBumps, wavelet} = ops.kan;
const {afKanLayer, kanAutoencoder, kanConv2d, kolmogorovArnoldAttention, selectableKanLayer} = ops.kan;

interface Case {
  layer: () => Layer;
  /** Shape of one input; a batch has four. */
  shape: readonly number[];
  context?: (layer: Layer) => Context;
}

const withState = (layer: Layer, shape: readonly number[]): Context => ({state: ops.initState(layer, shape)});

/** Splines of order 4 at least have second derivatives without kinks, which differences need. */
const CASES: Record<string, Case> = {
  "B-splines, fused": {
    layer: () => kanLayer({units: 3, basis: bspline({grid: 3, order: 5})}) as Layer,
    shape: [2]
  },
  "B-splines, recursive": {
    layer: () => kanLayer({units: 3, basis: bspline({grid: 3, order: 5, form: "recursive"})}) as Layer,
    shape: [2]
  },
  "B-splines, matrix": {
    layer: () => kanLayer({units: 3, basis: bspline({grid: 3, order: 5, form: "matrix"})}) as Layer,
    shape: [2]
  },
  "B-splines, adaptive and masked": {
    layer: () =>
      kanLayer({units: 2, basis: bspline({grid: 4, order: 5, adaptive: true}), masked: true}) as Layer,
    shape: [2],
    context: (layer) => withState(layer, [2])
  },
  bumps: {layer: () => kanLayer({units: 2, basis: rbf({size: 5}), useBias: true}) as Layer, shape: [3]},
  "Chebyshev polynomials": {layer: () => kanLayer({units: 2, basis: chebyshev()}) as Layer, shape: [3]},
  "cosines and sines": {
    layer: () => kanLayer({units: 2, basis: fourier({frequencies: 2})}) as Layer,
    shape: [3]
  },
  // One bump over everything: its ends are far from all inputs.
  "ReLU bumps": {
    layer: () => kanLayer({units: 2, basis: reluBumps({grid: 1, order: 0, range: [-6, 6]})}) as Layer,
    shape: [3]
  },
  "Mexican hats": {
    layer: () => kanLayer({units: 2, basis: wavelet({range: [-4, 4], levels: 2})}) as Layer,
    shape: [3]
  },
  "Morlet wavelets": {
    layer: () => kanLayer({units: 2, basis: wavelet({kind: "morlet", range: [-8, 8], levels: 1})}) as Layer,
    shape: [2]
  },
  "derivatives of Gaussians": {
    layer: () => kanLayer({units: 2, basis: wavelet({kind: "dog", range: [-4, 4], levels: 2})}) as Layer,
    shape: [2]
  },
  "AF-KAN, attention among inputs": {
    layer: () => afKanLayer({units: 2, grid: 1, order: 0}) as Layer,
    shape: [3]
  },
  "AF-KAN, attention among functions": {
    layer: () =>
      afKanLayer({units: 2, grid: 2, order: 1, collapse: "spatial", combination: "quad2"}) as Layer,
    shape: [3]
  },
  "AF-KAN, weighted sums": {
    layer: () =>
      afKanLayer({units: 2, grid: 2, order: 1, collapse: "linear", combination: "cubic1"}) as Layer,
    shape: [3]
  },
  "a choice among bases": {
    layer: () =>
      selectableKanLayer({
        units: 2,
        pool: [bspline({grid: 2, order: 5}), chebyshev(), rbf({size: 4})]
      }) as unknown as Layer,
    shape: [3],
    context: (layer) => withState(layer, [3])
  },
  "convolution of splines": {
    layer: () => kanConv2d({filters: 2, kernelSize: [2, 3], strides: 2, basis: bspline({order: 5})}) as Layer,
    shape: [3, 4, 2]
  },
  "convolution of bumps": {
    layer: () =>
      kanConv2d({
        filters: 2,
        kernelSize: 2,
        padding: "valid",
        basis: rbf({size: 4}),
        squash: "layerNorm"
      }) as Layer,
    shape: [3, 3, 3]
  },
  attention: {
    layer: () => kolmogorovArnoldAttention({heads: 2, rank: 3, basis: fourier({frequencies: 2})}) as Layer,
    shape: [4, 6]
  },
  "an autoencoder": {
    layer: () => kanAutoencoder({sizes: [2], basis: chebyshev({degree: 2})}) as Layer,
    shape: [2, 2]
  },
  "a network with nodes that multiply": {
    layer: () => kan([2, [1, 2], 1], {basis: bspline({order: 5, range: [-2, 2]}), arity: 3}),
    shape: [2]
  }
};

/** First and second derivatives of KAN layers by their inputs and parameters against finite differences. */
export function kanGradientCases(backend: BackendName): void {
  describe(`derivatives of KAN layers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(Object.entries(CASES))("%s", (_name, {layer: make, shape, context}) =>
      withoutLeak(async () => {
        const layer = make();
        const x = ops.random.normal(ops.key(1), [4, ...shape], 0, 0.7);
        const params = layer.init(ops.key(2), shape);
        // Coefficients that are small at first have small derivatives, and those of factors are their size.
        const shaken = ops.tree.map(
          (leaf: Tensor, name) => tf.add(leaf, ops.random.normal(ops.key(name.length), leaf.shape, 0, 0.3)),
          params
        );
        const given = context?.(layer);
        const f = (at: {x: Tensor; params: Params}) => layer.apply(at.params, at.x, given);
        await expectTrueGradients(f, {x, params: shaken}, {together: backend === "webgpu"});
      })()
    );
  });
}
