import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {normalised} from "../../../gpu/kernels/norm.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {type Initializer, zeros} from "../../core/initializers.ts";
import {type Context, expectShape, type Layer} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Basis, Squash} from "../bases/basis.ts";
import {bspline} from "../bases/bspline.ts";
import {checkLayerNames} from "../option-names.ts";
import {type Base, baseValues, squashed} from "./base.ts";
import {evenScale, uniformBase} from "./initializers.ts";

export interface KanLayerOptions {
  /** Number of outputs. */
  units: number;
  /** The functions that edges are sums of; `bspline()` by default. */
  basis?: Basis;
  /** The residual function; silu by default where the basis is B-splines or bumps, "zero" otherwise. */
  base?: Base;
  /** What inputs pass before the basis (not before the residual function); what the basis wants by default. One input alone is not normalised. */
  squash?: Squash;
  /** A trained factor of the coefficients of each edge (pykan's scale_sp, efficient-kan's spline_scaler); by default true for B-splines alone. */
  useScale?: boolean;
  /** A trained number added to each unit, false by default. */
  useBias?: boolean;
  /** Keeps a mask of edges in the layer's state, [inputs, units] of 1 and 0, which `prune` and `fromNetwork` set. */
  masked?: boolean;
  /** Fresh coefficients, [inputs, size, units]; the basis's own by default. */
  coefficientInit?: Initializer;
  baseInit?: Initializer;
  scaleInit?: Initializer;
  biasInit?: Initializer;
}

/** Parameters of a KAN layer. */
export type KanParams = {
  /** [inputs, size of the basis, units]. */
  coefficients: Tensor;
  /** [inputs, units], where there is a residual function. */
  baseScale?: Tensor;
  /** [inputs, units], where edges have factors. */
  splineScale?: Tensor;
  /** [units]. */
  bias?: Tensor;
  /** Of the layer normalisation before the basis: factor and offset, [inputs]. */
  norm?: {scale: Tensor; bias: Tensor};
  /** What the basis trains itself. */
  basis?: Params;
};

/** What a KAN layer keeps: knots [inputs, grid + 2 order + 1] of an adaptive grid, and a mask of edges [inputs, units]. */
export type KanState = {knots?: Tensor; mask?: Tensor};

/** A KAN layer, which tells what it is made of. */
export interface KanLayerModule extends Layer<KanParams> {
  readonly options: KanLayerOptions & Required<Pick<KanLayerOptions, "basis" | "base" | "squash">>;
  /** The inputs as the basis sees them. */
  squash(params: KanParams, x: Tensor): Tensor;
  /** Coefficients with the factors and the mask of their edges: [inputs, size, units]. */
  weights(params: KanParams, state?: KanState): {coefficients: Tensor; baseScale?: Tensor};
}

/** The epsilon of the layer normalisation before bumps, as in PyTorch. */
const EPSILON = 1e-5;

/**
 * A Kolmogorov-Arnold layer (Liu et al. 2024): a function of one number on every edge, y_j = sum over i of
 * baseScale_ij base(x_i) + splineScale_ij sum over b of coefficients_ibj B_b(x_i). [batch, inputs] -> [batch, units].
 *
 * As it is, this is pykan's layer with its defaults and initialisation; `efficientKan`, `fastKan` and `chebyKan` make
 * networks with those of the others. Throws a ShapeError where the inputs do not fit.
 *
 * @example
 * import {bspline, kanLayer} from "petri/kan";
 * import {fit, tf} from "petri/core";
 *
 * const x = tf.linspace(-1, 1, 200).dataSync();
 * const data = {name: "sine", inputs: x, inputShape: [1], targets: x.map((at) => Math.sin(4 * at)), targetShape: [1]};
 * const layer = kanLayer({units: 1, basis: bspline({grid: 8})});
 * const training = fit(layer, data, {steps: 200, logEvery: 10});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(Plot.lineY(rows, {x: "step", y: "loss"}).plot({height: 160, y: {type: "log"}}));
 */
export function kanLayer(options: KanLayerOptions): KanLayerModule {
  checkLayerOptions(options);
  const {units, basis = bspline(), useBias = false, masked = false} = options;
  checkCount("units", units);
  const {base = basis.isResidual ? "silu" : "zero", squash = basis.squash ?? "none"} = options;
  const {useScale = basis.name === "bspline", baseInit = uniformBase(), scaleInit = evenScale} = options;
  const {biasInit = zeros, coefficientInit} = options;
  const name = "kan";
  const layer: KanLayerModule = {
    name,
    options: {...options, basis, base, squash},
    init(key, inputShape, path = name) {
      const [inputs] = inputShape;
      expectShape(inputShape.length === 1 && inputs !== undefined, path, "[inputs]", inputShape);
      return tidy(() => {
        const own = basis.init?.(key.fold(4), inputs);
        return {
          coefficients:
            coefficientInit?.(key.fold(0), [inputs, basis.size, units]) ??
            basis.coefficients(key.fold(0), inputs, units),
          ...(base !== "zero" && {baseScale: baseInit(key.fold(1), [inputs, units])}),
          ...(useScale && {splineScale: scaleInit(key.fold(2), [inputs, units])}),
          ...(useBias && {bias: biasInit(key.fold(3), [units])}),
          ...(squash === "layerNorm" &&
            inputs > 1 && {norm: {scale: tf.ones([inputs]), bias: tf.zeros([inputs])}}),
          ...(own && {basis: own})
        };
      });
    },
    squash: ({norm}, x) => (squash === "layerNorm" ? normalisedInputs(x, norm) : squashed(squash, x)),
    weights({coefficients, splineScale, baseScale}, {mask} = {}) {
      const factor = splineScale && mask ? tf.mul(splineScale, mask) : (splineScale ?? mask);
      return {
        coefficients: factor ? tf.mul(coefficients, tf.expandDims(factor, 1)) : coefficients,
        ...(baseScale && {baseScale: mask ? tf.mul(baseScale, mask) : baseScale})
      };
    },
    apply(params, x, context) {
      const [inputs] = params.coefficients.shape;
      expectShape(
        x.rank === 2 && x.shape[1] === inputs,
        context?.path ?? name,
        `[batch, ${inputs}]`,
        x.shape
      );
      return tidy(() => edgesAdded(layer, params, x, stateOf(context, name)));
    },
    outputShape: () => [units],
    flops: ([inputs = 0]) => 2 * inputs * (basis.size + 1) * units,
    resized: (outputs) => kanLayer({...options, units: outputs}) as Layer,
    ...((masked || basis.initState) && {
      initState: ([inputs = 0]) => ({
        ...(basis.initState?.(inputs) as KanState | undefined),
        ...(masked && {mask: tf.ones([inputs, units])})
      })
    })
  };
  return layer;
}

/** The names of the options that layers share, whatever gives them their units. */
export const SHARED_OPTIONS: Readonly<Record<Exclude<keyof KanLayerOptions, "units">, true>> = {
  basis: true,
  base: true,
  squash: true,
  useScale: true,
  useBias: true,
  masked: true,
  coefficientInit: true,
  baseInit: true,
  scaleInit: true,
  biasInit: true
};

const SQUASHES: readonly Squash[] = ["none", "tanh", "layerNorm"];

function checkLayerOptions(options: KanLayerOptions): void {
  checkLayerNames("kanLayer", options, {units: true, ...SHARED_OPTIONS});
  const {basis, squash = "none"} = options;
  if (basis !== undefined && typeof basis?.features !== "function")
    throw new ArgumentError(`basis must be a basis, such as bspline() or rbf(), got ${String(basis)}.`);
  if (!SQUASHES.includes(squash))
    throw new ArgumentError(`squash must be one of ${SQUASHES.join(", ")}, got ${String(squash)}.`);
}

/** One number alone would always be 0, whatever it was: it stays what it is. */
function normalisedInputs(x: Tensor, norm: KanParams["norm"]): Tensor {
  return x.shape[1] === 1 ? x : normalised(x, norm ?? {}, {epsilon: EPSILON, centred: true});
}

/** What a layer finds of its state in the context: see `initState`. */
export function stateOf(context: Context | undefined, name: string): KanState {
  return (context?.state?.[context.path || name] ?? {}) as KanState;
}

/** Residual functions that kernels compute in the same pass as the basis. */
const FUSED = ["silu", "identity", "zero"] as const;

function edgesAdded(layer: KanLayerModule, params: KanParams, x: Tensor, state: KanState): Tensor {
  const {basis, base, squash} = layer.options;
  const {coefficients, baseScale} = layer.weights(params, state);
  const own = {params: params.basis, state};
  const fused = squash === "none" ? FUSED.find((each) => each === base) : undefined;
  const seen = layer.squash(params, x);
  if (basis.dense) {
    const edges = {x: seen, coefficients, own, base: fused ?? "zero"};
    const y = basis.dense({...edges, baseWeights: fused && baseScale});
    return withBias(fused ? y : withResidual(y, base, baseScale, x), params.bias);
  }
  const [rows, inputs] = x.shape as [number, number];
  const y = denseProduct(
    tf.reshape(basis.features(seen, own), [rows, inputs * basis.size]),
    tf.reshape(coefficients, [inputs * basis.size, layer.options.units]),
    params.bias,
    "linear"
  );
  return withResidual(y, base, baseScale, x);
}

function withBias(y: Tensor, bias: Tensor | undefined): Tensor {
  return bias ? tf.add(y, bias) : y;
}

function withResidual(y: Tensor, base: Base, baseScale: Tensor | undefined, x: Tensor): Tensor {
  const residual = baseValues(base, x);
  return residual && baseScale ? tf.add(y, denseProduct(residual, baseScale, undefined, "linear")) : y;
}
