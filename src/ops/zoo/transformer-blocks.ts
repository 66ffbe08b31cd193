import type {ActivationName} from "../core/activations.ts";
import type {Initializer} from "../core/initializers.ts";
import type {Layer} from "../core/layer.ts";
import {multiHeadAttention} from "../core/layers/attention.ts";
import {dense} from "../core/layers/dense.ts";
import {dropout} from "../core/layers/dropout.ts";
import {layerNorm} from "../core/layers/layer-norm.ts";
import {residual} from "../core/layers/residual.ts";
import {normal} from "../core/random.ts";
import {eachPosition} from "./parts.ts";

export interface BlockOptions {
  heads: number;
  /** Width of the feed-forward part as a multiple of the features, 4 by default. */
  expansion?: number;
  /** Of the feed-forward part, geluTanh by default. */
  activation?: ActivationName;
  dropout?: number;
  causal?: boolean;
  /** Positions by turning queries and keys. */
  rotary?: boolean;
}

/** Blocks of attention and feed-forward parts, each normalised first and added to what came in (Xiong et al. 2020), and a last normalisation. */
export function transformerBlocks(features: number, count: number, options: BlockOptions): Layer[] {
  const {heads, expansion = 4, activation = "geluTanh", dropout: rate = 0, causal, rotary} = options;
  const drop = (): Layer[] => (rate > 0 ? [dropout(rate)] : []);
  const block = (): Layer[] => [
    residual([layerNorm(), multiHeadAttention({heads, causal, rotary}), ...drop()]),
    residual([
      layerNorm(),
      eachPosition(dense({units: features * expansion, activation})),
      eachPosition(dense({units: features, kernelInit: scaled(count)})),
      ...drop()
    ])
  ];
  return [...Array.from({length: count}, block).flat(), layerNorm()];
}

/** What is added to the residual stream starts small: variance 1 / (fanIn 2 layers), as in GPT-2. */
const scaled =
  (layers: number): Initializer =>
  (key, shape) =>
    normal(key, shape, 0, Math.sqrt(1 / ((shape[0] as number) * 2 * layers)));
