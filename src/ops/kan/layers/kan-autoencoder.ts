import {ArgumentError} from "../../core/errors.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {flatten} from "../../core/layers/flatten.ts";
import {reshape} from "../../core/layers/reshape.ts";
import {sequential} from "../../core/layers/sequential.ts";
import type {Params} from "../../core/tree.ts";
import {sizeOf} from "../../datasets/dataset.ts";
import type {Tensor} from "../../tf.ts";
import {checkLayerNames} from "../option-names.ts";
import {type KanLayerOptions, kanLayer, SHARED_OPTIONS} from "./kan-layer.ts";

export interface KanAutoencoderOptions extends Omit<KanLayerOptions, "units"> {
  /** Sizes of the encoder's layers; the last is the code. [128, 32] by default. The decoder mirrors them. */
  sizes?: readonly number[];
}

export interface KanAutoencoder extends Layer<Record<string, Params>> {
  /** The codes of a batch, [batch, last of sizes]. */
  encode(params: Record<string, Params>, x: Tensor): Tensor;
}

/**
 * An autoencoder of KAN layers (Moradi et al. 2024): [batch, ...shape] -> the same shape, through a narrow code. Train it on a dataset whose targets are
 * its inputs: {...data, targets: data.inputs, targetShape: data.inputShape}. Layers take the options of `kanLayer`.
 *
 * @example
 * import {kanAutoencoder, rbf} from "petri/kan";
 * import {fit} from "petri/core";
 * import {digits} from "petri/datasets";
 *
 * const data = await digits();
 * const model = kanAutoencoder({sizes: [32, 8], basis: rbf()});
 * const training = fit(model, {...data, targets: data.inputs, targetShape: data.inputShape}, {epochs: 2, logEvery: 5});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(Plot.lineY(rows, {x: "step", y: "loss"}).plot({height: 180}));
 */
export function kanAutoencoder(options: KanAutoencoderOptions = {}): KanAutoencoder {
  checkLayerNames("kanAutoencoder", options, {sizes: true, ...SHARED_OPTIONS});
  const {sizes = [128, 32], ...layerOptions} = options;
  if (sizes.length === 0)
    throw new ArgumentError("kanAutoencoder needs the size of its code at least: {sizes: [32]}.");
  const layer = (units: number): Layer => kanLayer({...layerOptions, units}) as Layer;
  const encoder = {...sequential([flatten(), ...sizes.map(layer)]), name: "encoder"};
  const network = (inputShape: Shape) => {
    const back = [...sizes.slice(0, -1)].reverse();
    const decoder = sequential([...back.map(layer), layer(sizeOf(inputShape)), reshape(inputShape)]);
    return sequential([encoder, {...decoder, name: "decoder"}]);
  };
  return {
    name: "kanAutoencoder",
    init: (key, inputShape, path) => network(inputShape).init(key, inputShape, path),
    apply: (params, x, context) => network(x.shape.slice(1)).apply(params, x, context),
    children: (inputShape) => network(inputShape).children?.(inputShape) ?? [],
    encode: (params, x) => encoder.apply(params.encoder1 as Record<string, Params>, x)
  };
}
