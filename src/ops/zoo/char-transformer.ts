import type {Initializer} from "../core/initializers.ts";
import type {Layer} from "../core/layer.ts";
import {dense} from "../core/layers/dense.ts";
import {embedding} from "../core/layers/embedding.ts";
import {learnedPositions} from "../core/layers/positions.ts";
import {sequential} from "../core/layers/sequential.ts";
import {normal} from "../core/random.ts";
import type {Params} from "../core/tree.ts";
import {eachPosition} from "./parts.ts";
import {type BlockOptions, transformerBlocks} from "./transformer-blocks.ts";

export interface CharTransformerOptions extends Omit<BlockOptions, "causal" | "heads"> {
  /** How many different characters (or tokens) there are. */
  vocabulary: number;
  /** 96 by default. */
  features?: number;
  /** 4 by default. */
  heads?: number;
  /** Blocks, 2 by default. */
  layers?: number;
}

/**
 * A causal transformer over characters (Vaswani et al. 2017; in the form of GPT-2, Radford et al. 2019): tokens [batch, time] -> logits
 * of each next one, [batch, time, vocabulary]. Positions are learned, or rotary on request.
 *
 * @example
 * import {key, tf} from "petri/core";
 * import {charTransformer, describe} from "petri/zoo";
 *
 * const model = charTransformer({vocabulary: 65, features: 32, heads: 2, layers: 1});
 * const params = model.init(key(0), [16]);
 * display(model.apply(params, tf.zeros([2, 16])).shape);
 * display(Inputs.table(describe(model, [16]).layers));
 */
export function charTransformer(options: CharTransformerOptions): Layer<Record<string, Params>> {
  const {vocabulary, features = 96, heads = 4, layers = 2, ...rest} = options;
  const small: Initializer = (key, shape) => normal(key, shape, 0, 0.02);
  const positions: Layer[] = rest.rotary ? [] : [learnedPositions()];
  const network = sequential([
    embedding({count: vocabulary, features, tableInit: small}),
    ...positions,
    ...transformerBlocks(features, layers, {...rest, heads, causal: true}),
    eachPosition(dense({units: vocabulary, useBias: false, kernelInit: small}))
  ]);
  return {...network, name: "charTransformer"};
}
