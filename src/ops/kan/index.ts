// petri/kan: Kolmogorov-Arnold networks. In float64 as plain data (network.ts), and as layers of tensors that core's fit trains.

export type {Basis, BasisValues, Squash} from "./bases/basis.ts";
export * from "./bases/bspline.ts";
export {type ChebyshevOptions, chebyshev} from "./bases/chebyshev.ts";
export * from "./bases/fourier.ts";
export {type RbfOptions, rbf} from "./bases/rbf.ts";
export {type BumpEnds, type ReluBumpsOptions, reluBumps} from "./bases/relu-bumps.ts";
export * from "./bases/wavelet.ts";
export * from "./equations/index.ts";
export * from "./gauss-newton/index.ts";
export * from "./grid/index.ts";
export * from "./layers/activation-penalty.ts";
export * from "./layers/af-kan.ts";
export * from "./layers/initializers.ts";
export * from "./layers/kan.ts";
export * from "./layers/kan-attention.ts";
export * from "./layers/kan-autoencoder.ts";
export * from "./layers/kan-conv2d.ts";
export {
  type KanLayerModule,
  type KanLayerOptions,
  type KanParams,
  type KanState,
  kanLayer
} from "./layers/kan-layer.ts";
export {multiplyNodes, type Width} from "./layers/multiply-nodes.ts";
export * from "./layers/network-of.ts";
export * from "./layers/selectable.ts";
export {
  type SelectableOptions,
  type SelectableParams,
  type SelectionState,
  selectableKanLayer
} from "./layers/selectable-layer.ts";
export {type GridUpdateOptions, updateGrids} from "./layers/update-grids.ts";
export * from "./layers/weight-penalty.ts";
export * from "./network/attribute.ts";
export {type KanOptions, kanNetwork} from "./network/create.ts";
export * from "./network/edit.ts";
export * from "./network/feature-interaction.ts";
export * from "./network/fit.ts";
export type {KanFitOptions, KanFitRow} from "./network/fit-options.ts";
export * from "./network/gradients.ts";
export * from "./network/grids.ts";
export type {KanParameter, LayerParameters} from "./network/parameters.ts";
export type {KanMetric, KanPenalty} from "./network/penalty.ts";
export * from "./network/predict.ts";
export * from "./network/prune.ts";
export type {KanSamples, Numbers} from "./network/samples.ts";
export type {KanBase, KanLayer, KanLevel, KanNetwork, SymbolicEdge} from "./network.ts";
export * from "./spline/index.ts";
export * from "./symbolic/index.ts";
