import type {Layer} from "../core/layer.ts";
import {dense} from "../core/layers/dense.ts";
import {dropout} from "../core/layers/dropout.ts";
import {embedding} from "../core/layers/embedding.ts";
import {gru} from "../core/layers/gru.ts";
import {lstm} from "../core/layers/lstm.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import {eachPosition} from "./parts.ts";

export interface RnnLanguageModelOptions {
  /** How many different characters (or tokens) there are. */
  vocabulary: number;
  /** "lstm" by default. */
  cell?: "lstm" | "gru";
  /** Numbers a token, 64 by default. */
  features?: number;
  /** Hidden units of each layer, 128 by default. */
  units?: number;
  /** Recurrent layers, 1 by default. */
  layers?: number;
  /** After every recurrent layer (Zaremba et al. 2014), 0 by default. */
  dropout?: number;
}

/**
 * A recurrent language model: tokens [batch, time] -> logits of each next one, [batch, time, vocabulary]. The state begins with zeros in every window.
 *
 * @example
 * import {describe, rnnLanguageModel} from "petri/zoo";
 *
 * display(Inputs.table(describe(rnnLanguageModel({vocabulary: 65}), [64]).layers));
 */
export function rnnLanguageModel(options: RnnLanguageModelOptions): Layer<Record<string, Params>> {
  const {vocabulary, cell = "lstm", features = 64, units = 128, layers = 1, dropout: rate = 0} = options;
  const recurrent = (): Layer[] => [
    cell === "lstm" ? lstm({units}) : gru({units}),
    ...(rate > 0 ? [dropout(rate)] : [])
  ];
  const network = sequential([
    embedding({count: vocabulary, features}),
    ...Array.from({length: layers}, recurrent).flat(),
    eachPosition(dense({units: vocabulary}))
  ]);
  return {...network, name: "rnnLanguageModel"};
}
