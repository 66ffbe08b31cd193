import type {Layer} from "../core/layer.ts";
import {dense} from "../core/layers/dense.ts";
import {learnedPositions} from "../core/layers/positions.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import {meanOverTime, patchVectors} from "./parts.ts";
import {type BlockOptions, transformerBlocks} from "./transformer-blocks.ts";

export interface VitOptions extends Omit<BlockOptions, "causal" | "rotary" | "heads"> {
  classes?: number;
  /** Side of the squares that an image is cut into, 4 by default. */
  patchSize?: number;
  /** 64 by default. */
  features?: number;
  /** 4 by default. */
  heads?: number;
  /** Blocks, 4 by default. */
  layers?: number;
}

/**
 * A small vision transformer (Dosovitskiy et al. 2021) with the mean over patches in the place of a class token (Beyer et al. 2022): images
 * [batch, height, width, channels] -> logits. What of the image does not fill a square is cut off.
 *
 * @example
 * import {describe, vit} from "petri/zoo";
 *
 * const {params, flops} = describe(vit({features: 32, heads: 2, layers: 2}), [16, 16, 1]);
 * display({params, flops});
 */
export function vit(options: VitOptions = {}): Layer<Record<string, Params>> {
  const {classes = 10, patchSize = 4, features = 64, heads = 4, layers = 4, ...rest} = options;
  const network = sequential([
    ...patchVectors(patchSize, features),
    learnedPositions(),
    ...transformerBlocks(features, layers, {...rest, heads}),
    meanOverTime(),
    dense({units: classes})
  ]);
  return {...network, name: "vit"};
}
