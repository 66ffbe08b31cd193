import {ArgumentError, checkCount} from "../../core/errors.ts";
import {poolingOf} from "./channel.ts";
import type {Pooling, Together} from "./granularity.ts";

/**
 * Blocks of a matrix, [rows, columns] of its last two axes: [in, out] of a kernel. Every cell of a larger kernel is a matrix of
 * its own. Blocks at the edge may be smaller, and are pooled over the weights they have. `pool` is "mean" by default.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {granularity, prune} from "petri/pruning";
 *
 * const masks = await prune(mlp([6, 8]).init(key(0)), {sparsity: 0.5, granularity: granularity.block([2, 4])});
 * display(masks.dense1.kernel.arraySync());
 */
export function block(size: readonly [number, number], options: {pool?: Pooling} = {}): Together {
  if (!Array.isArray(size) || size.length !== 2)
    throw new ArgumentError(`A block is [rows, columns], got ${JSON.stringify(size)}.`);
  const [height, width] = size as [number, number];
  checkCount("the rows of a block", height);
  checkCount("the columns of a block", width);
  return {
    kind: "together",
    name: "block",
    groups(shape, path) {
      const [rows, columns] = shape.slice(-2);
      if (rows === undefined || columns === undefined)
        throw new ArgumentError(
          `Blocks need a matrix, ${path} has the shape [${shape.join(", ")}]: leave it out with \`prunable\`.`
        );
      const across = Math.ceil(columns / width);
      const inMatrix = Math.ceil(rows / height) * across;
      const matrices = shape.slice(0, -2).reduce((product, dim) => product * dim, 1);
      const of = Int32Array.from({length: matrices * rows * columns}, (_, i) => {
        const row = Math.floor(i / columns) % rows;
        const down = Math.floor(row / height) * across + Math.floor((i % columns) / width);
        return Math.floor(i / (rows * columns)) * inMatrix + down;
      });
      return {count: matrices * inMatrix, of};
    },
    pool: poolingOf(options.pool ?? "mean")
  };
}
