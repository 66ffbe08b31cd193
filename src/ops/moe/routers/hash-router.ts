import {takeTableRows} from "../../../gpu/kernels/rows.ts";
import {ArgumentError} from "../../core/errors.ts";
import type {Context} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, Router, RouterShape} from "../routing.ts";

export interface HashRouterOptions {
  /**
   * What is looked up: "token" (the default) its id, "previous" the id before it, "bigram" both (the sum of two tables, mod experts), "position"
   * its place in the sequence, which needs no table.
   */
  by?: "token" | "previous" | "bigram" | "position";
  /** The expert of each id, as hashTable makes it. */
  table?: ArrayLike<number>;
  /** For "bigram": the table of the id before. */
  previousTable?: ArrayLike<number>;
}

/**
 * The expert of a token is fixed by a hash of its id, with weight 1: nothing is learned and nothing to be balanced (Hash Layers, Roller et al.
 * 2021). The ids are what `embedding` left as "tokens", [batch, time]; without them it throws an ArgumentError. The first token of a
 * sequence counts as preceded by id 0.
 *
 * @example
 * import {dense, embedding, flatten, key, sequential, tf} from "petri/core";
 * import {hashRouter, hashTable, mlpExpert, moe} from "petri/moe";
 *
 * const table = hashTable(4, {kind: "random", vocabulary: 50, key: key(7)});
 * const mixture = moe({experts: 4, router: hashRouter({table}), expert: mlpExpert({hidden: 16})});
 * const model = sequential([embedding({count: 50, features: 8}), mixture]);
 * display(model.apply(model.init(key(0), [3]), tf.tensor2d([[4, 8, 15]], [1, 3], "int32")).shape);
 */
export function hashRouter(options: HashRouterOptions): Router<Record<string, never>> {
  const {by = "token", table, previousTable} = options;
  checkHash(options);
  return {
    name: "hashRouter",
    k: 1,
    init: () => ({}),
    route(_params, x, shape, context) {
      checkTable(table, shape, "table");
      checkTable(previousTable, shape, "previousTable");
      return tidy(() => {
        const ids = idsOf(x, context);
        const expert =
          by === "position" ? positions(ids, shape.experts) : lookedUp(ids, options, shape.experts);
        return fixedChoices(expert, shape.experts);
      });
    }
  };
}

/** One expert for each token, int32 [tokens], with weight 1. */
function fixedChoices(expert: Tensor, experts: number): Choices {
  const indices = tf.reshape(expert, [-1, 1]);
  return {kind: "choices", experts, indices, weights: tf.ones(indices.shape)};
}

function lookedUp(ids: Tensor, {by, table, previousTable}: HashRouterOptions, experts: number): Tensor {
  const previous = () => {
    const shifted = tf.slice(ids, [0, 0], [-1, (ids.shape[1] as number) - 1]);
    return tf.pad(shifted, [
      [0, 0],
      [1, 0]
    ]);
  };
  if (by === "previous") return taken(table, previous());
  if (by !== "bigram") return taken(table, ids);
  const sum = tf.add(taken(table, ids), taken(previousTable, previous()));
  return tf.mod(sum, tf.scalar(experts, "int32"));
}

/** The table's numbers at ids: int32 [tokens]. */
function taken(table: ArrayLike<number> | undefined, ids: Tensor): Tensor {
  const column = tf.tensor2d(Float32Array.from(table as ArrayLike<number>), [
    (table as ArrayLike<number>).length,
    1
  ]);
  return tf.cast(tf.reshape(takeTableRows(column, tf.reshape(ids, [-1])), [-1]), "int32");
}

/** Places in the sequence mod experts, int32 [tokens]. */
function positions(ids: Tensor, experts: number): Tensor {
  const [batch, time] = ids.shape as [number, number];
  const one = tf.tensor1d(
    Int32Array.from({length: time}, (_, i) => i % experts),
    "int32"
  );
  return tf.tile(one, [batch]);
}

/** The ids of the tokens of x, int32 [batch, time]. */
function idsOf(x: Tensor, context: Context | undefined): Tensor {
  const ids = context?.left?.("tokens");
  const path = context?.path ?? "router";
  if (!ids)
    throw new ArgumentError(
      `${path}: a hash needs the ids of tokens. Put the layer behind embedding in a sequential network, or pass {left: () => ids} in the context.`
    );
  if (ids.size !== x.shape[0])
    throw new ArgumentError(
      `${path}: there are ${x.shape[0]} tokens, but ids [${ids.shape.join(", ")}] of ${ids.size}. Each token needs one id.`
    );
  return tf.cast(tf.reshape(ids, [-1, ids.shape.at(-1) as number]), "int32");
}

function checkHash({by = "token", table, previousTable}: HashRouterOptions): void {
  if (!["token", "previous", "bigram", "position"].includes(by))
    throw new ArgumentError(
      `hashRouter: by must be "token", "previous", "bigram" or "position", got ${String(by)}.`
    );
  const missing =
    (by !== "position" && !table && "table") || (by === "bigram" && !previousTable && "previousTable");
  if (missing)
    throw new ArgumentError(
      `hashRouter: by "${by}" needs a ${missing}: hashTable(experts, {kind: "murmur3", vocabulary}), for one.`
    );
}

function checkTable(table: ArrayLike<number> | undefined, {experts}: RouterShape, name: string): void {
  const wrong = Array.from(table ?? []).find(
    (expert) => !Number.isInteger(expert) || expert < 0 || expert >= experts
  );
  if (wrong !== undefined)
    throw new ArgumentError(
      `hashRouter: ${name} has expert ${wrong}, but there are experts 0 to ${experts - 1}. Make it with hashTable(${experts}, ...).`
    );
}
