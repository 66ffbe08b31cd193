import {ArgumentError, checkCount} from "../../core/errors.ts";
import {expectShape, type Layer} from "../../core/layer.ts";
import {tf, tidy} from "../../tf.ts";
import type {KanLevel} from "../network.ts";

/**
 * Nodes that multiply (KAN 2.0, Liu et al. 2024): the first `sum` numbers go through, each further group of `arity` is multiplied:
 * [batch, sum + arity multiply] -> [batch, sum + multiply].
 *
 * @example
 * import {multiplyNodes} from "petri/kan";
 * import {tf} from "petri/core";
 *
 * // One number goes through, the other four become two products.
 * const y = multiplyNodes({sum: 1, multiply: 2}, 2).apply({}, tf.tensor2d([[7, 2, 3, 4, 5]]));
 * display(y.dataSync());
 */
export function multiplyNodes(level: KanLevel, arity: number): Layer<Record<never, never>> {
  const {sum, multiply} = level;
  checkCount("sum", sum, 0);
  checkCount("multiply", multiply);
  checkCount("arity", arity, 2);
  const name = "multiplyNodes";
  const subnodes = sum + arity * multiply;
  return {
    name,
    init(_key, inputShape, path = name) {
      expectShape(inputShape.length === 1 && inputShape[0] === subnodes, path, `[${subnodes}]`, inputShape);
      return {};
    },
    apply(_params, x, context) {
      expectShape(
        x.rank === 2 && x.shape[1] === subnodes,
        context?.path ?? name,
        `[batch, ${subnodes}]`,
        x.shape
      );
      return tidy(() => {
        const groups = tf.reshape(tf.slice(x, [0, sum], [-1, arity * multiply]), [-1, multiply, arity]);
        const products = tf.unstack(groups, 2).reduce((a, b) => tf.mul(a, b));
        return sum === 0 ? products : tf.concat([tf.slice(x, [0, 0], [-1, sum]), products], 1);
      });
    },
    outputShape: () => [sum + multiply]
  };
}

/** A level as it is told: 5 nodes that add, or [2, 3] for 2 that add and 3 that multiply. */
export type Width = number | readonly [sum: number, multiply: number];

/** Nodes of each kind. @throws ArgumentError */
export function levelOf(width: Width): KanLevel {
  const [sum, multiply] =
    typeof width === "number" ? [width, 0] : Array.isArray(width) ? (width as [number, number]) : [];
  if (isCount(sum) && isCount(multiply) && sum + multiply > 0) return {sum, multiply};
  throw new ArgumentError(
    `A level is a number of nodes, or [those that add, those that multiply]; got ${JSON.stringify(width)}.`
  );
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
