import {takeTableRows} from "../../../gpu/kernels/rows.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkCount} from "../errors.ts";
import type {Initializer} from "../initializers.ts";
import {expectShape, type Layer} from "../layer.ts";
import {normal} from "../random.ts";

export interface EmbeddingOptions {
  /** How many different ids there are, 0 ... count - 1. */
  count: number;
  /** Numbers for each id. */
  features: number;
  /** Standard normal by default, as in PyTorch. */
  tableInit?: Initializer;
}

/** Parameters: a row for each id, [count, features]. */
export type EmbeddingParams = {table: Tensor};

/**
 * A row of numbers for each id: [batch, ...] -> [batch, ..., features]. Ids are whole numbers, int32 or float32 (as datasets
 * hold tokens); one that the table does not have gives NaN on every backend, as jax.numpy.take. The gradient of the table is
 * dense: ids that come more than once add up, rows not looked up get zero. The ids are left for later layers as "tokens".
 *
 * @example
 * import {embedding, key, tf} from "petri/core";
 *
 * const layer = embedding({count: 50, features: 8});
 * const params = layer.init(key(0), [3]);
 * display(layer.apply(params, tf.tensor2d([[4, 8, 15], [16, 23, 42]], [2, 3], "int32")).shape);
 */
export function embedding(options: EmbeddingOptions): Layer<EmbeddingParams> {
  const {count, features, tableInit = normal} = options;
  checkCount("count", count);
  checkCount("features", features);
  const name = "embedding";
  return {
    name,
    init: (key) => ({table: tableInit(key, [count, features])}),
    apply({table}, ids, context) {
      expectShape(ids.rank > 0, context?.path ?? name, "[batch, ...] of ids", ids.shape);
      context?.leave?.("tokens", ids);
      return tidy(() => {
        const flat = tf.cast(tf.reshape(ids, [-1]), "int32");
        return tf.reshape(takeTableRows(table, flat), [...ids.shape, table.shape[1] as number]);
      });
    },
    outputShape: (shape) => [...shape, features]
  };
}
