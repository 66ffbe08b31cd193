import type {ActivationName} from "../core/activations.ts";
import {ArgumentError} from "../core/errors.ts";
import type {Layer, Shape} from "../core/layer.ts";
import {dense} from "../core/layers/dense.ts";
import {flatten} from "../core/layers/flatten.ts";
import {reshape} from "../core/layers/reshape.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import {sizeOf} from "../datasets/dataset.ts";
import type {Tensor} from "../tf.ts";
import {shaped} from "./parts.ts";

export interface AutoencoderOptions {
  /** Sizes of the encoder's layers; the last is the code. [128, 32] by default. The decoder mirrors them. */
  sizes?: readonly number[];
  /** Of the hidden layers, relu by default. */
  activation?: ActivationName;
  /** Of the outputs; linear by default, sigmoid for pixels from 0 to 1. */
  outputActivation?: ActivationName;
}

export interface Autoencoder extends Layer<Record<string, Params>> {
  /** The codes of a batch, [batch, last of sizes]. */
  encode(params: Record<string, Params>, x: Tensor): Tensor;
}

/**
 * An autoencoder of dense layers (Hinton & Salakhutdinov 2006): [batch, ...shape] -> the same shape, through a narrow code. Train it on a
 * dataset whose targets are its inputs: {...data, targets: data.inputs, targetShape: data.inputShape}.
 *
 * @example
 * import {fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {autoencoder} from "petri/zoo";
 *
 * const data = await digits();
 * const model = autoencoder({sizes: [32, 8], outputActivation: "sigmoid"});
 * const training = fit(model, {...data, targets: data.inputs, targetShape: data.inputShape}, {epochs: 3, logEvery: 5});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(Plot.lineY(rows, {x: "step", y: "loss"}).plot({height: 180}));
 */
export function autoencoder(options: AutoencoderOptions = {}): Autoencoder {
  const {sizes = [128, 32], activation = "relu", outputActivation = "linear"} = options;
  if (sizes.length === 0)
    throw new ArgumentError("autoencoder needs the size of its code at least: {sizes: [32]}.");
  const hidden = (units: number): Layer => dense({units, activation});
  const code = dense({units: sizes.at(-1) as number});
  const encoder = {...sequential([flatten(), ...sizes.slice(0, -1).map(hidden), code]), name: "encoder"};
  const decoder = (inputShape: Shape) =>
    sequential([
      ...sizes.slice(0, -1).reverse().map(hidden),
      dense({units: sizeOf(inputShape), activation: outputActivation}),
      reshape(inputShape)
    ]);
  const network = (inputShape: Shape): Layer =>
    sequential([encoder, {...decoder(inputShape), name: "decoder"}]);
  return {
    ...(shaped("autoencoder", network) as Layer<Record<string, Params>>),
    encode: (params, x) => encoder.apply(params.encoder1 as Record<string, Params>, x)
  };
}
