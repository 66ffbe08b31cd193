import type {Layer, Shape} from "../core/layer.ts";
import {dense} from "../core/layers/dense.ts";
import {layerNorm} from "../core/layers/layer-norm.ts";
import {residual} from "../core/layers/residual.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import {eachPosition, meanOverTime, patchVectors, shaped, swapAxes} from "./parts.ts";

export interface MlpMixerOptions {
  classes?: number;
  /** Side of the squares that an image is cut into, 4 by default. */
  patchSize?: number;
  /** Numbers a square, 64 by default. */
  features?: number;
  /** Blocks, 4 by default. */
  layers?: number;
  /** Hidden units of the parts that mix squares, 32 by default, and of those that mix features, 128 by default. */
  tokenUnits?: number;
  channelUnits?: number;
}

/** Two dense layers along the last axis, as wide at the end as at the beginning. */
function mixing(name: string, hidden: number): Layer {
  const build = (shape: Shape) =>
    sequential([
      eachPosition(dense({units: hidden, activation: "geluTanh"})),
      eachPosition(dense({units: shape.at(-1) as number}))
    ]) as Layer;
  return shaped(name, build);
}

/**
 * MLP-Mixer (Tolstikhin et al. 2021): dense layers across squares and across features in turn; images [batch, height, width, channels] -> logits.
 *
 * @example
 * import {describe, mlpMixer} from "petri/zoo";
 *
 * const {params, flops} = describe(mlpMixer({features: 32, layers: 2}), [16, 16, 1]);
 * display({params, flops});
 */
export function mlpMixer(options: MlpMixerOptions = {}): Layer<Record<string, Params>> {
  const {
    classes = 10,
    patchSize = 4,
    features = 64,
    layers = 4,
    tokenUnits = 32,
    channelUnits = 128
  } = options;
  const block = (): Layer[] => [
    residual([layerNorm(), swapAxes(), mixing("tokenMixing", tokenUnits), swapAxes()]),
    residual([layerNorm(), mixing("channelMixing", channelUnits)])
  ];
  const network = sequential([
    ...patchVectors(patchSize, features),
    ...Array.from({length: layers}, block).flat(),
    layerNorm(),
    meanOverTime(),
    dense({units: classes})
  ]);
  return {...network, name: "mlpMixer"};
}
