import {ArgumentError} from "../../core/errors.ts";
import type {Shape} from "../../core/layer.ts";
import {POOLINGS, type Pooling, type Together} from "./granularity.ts";

export interface ChannelOptions {
  /** The axis along which slices are pruned; the last, the units or filters that come out, by default. */
  axis?: number;
  /** How a slice's scores become one: "sum" (the default; with magnitudes the L1 norm), "mean", "max" or "norm" (L2). */
  pool?: Pooling;
}

/**
 * Whole channels, filters or neurons: slices of a parameter along one axis stay or go (torch's ln_structured). `shrink` then makes the
 * network smaller by them. Sums of layers of different widths are no equals: compare within a layer (scope "local"), or means.
 *
 * @example
 * import {key, mlp, tree} from "petri/core";
 * import {granularity, prune} from "petri/pruning";
 *
 * const params = mlp([4, 8, 2]).init(key(0));
 * const masks = await prune(params, {
 *   sparsity: 0.5, scope: "local", granularity: granularity.channel(), prunable: (path) => path === "dense1/kernel"
 * });
 * display(masks.dense1.kernel.arraySync());
 */
export function channel(options: ChannelOptions = {}): Together {
  const {axis = -1, pool = "sum"} = options;
  if (!Number.isInteger(axis)) throw new ArgumentError(`axis must be a whole number, got ${String(axis)}.`);
  return {
    kind: "together",
    name: "channel",
    groups(shape, path) {
      const at = axisOf(axis, shape, path);
      const count = shape[at] as number;
      const inner = shape.slice(at + 1).reduce((size, dim) => size * dim, 1);
      const size = shape.reduce((product, dim) => product * dim, 1);
      return {count, of: Int32Array.from({length: size}, (_, i) => Math.floor(i / inner) % count)};
    },
    pool: poolingOf(pool)
  };
}

/** The number of an axis of a shape, from the end where it is negative. */
export function axisOf(axis: number, shape: Shape, path: string): number {
  const at = axis < 0 ? shape.length + axis : axis;
  if (at >= 0 && at < shape.length) return at;
  throw new ArgumentError(
    `${path} has no axis ${axis}: its shape is [${shape.join(", ")}]. Pass an axis from ${-shape.length} to ${shape.length - 1}, or leave the parameter out with \`prunable\`.`
  );
}

/** The pooling of that name. */
export function poolingOf(pool: Pooling): Together["pool"] {
  if (Object.hasOwn(POOLINGS, pool)) return POOLINGS[pool];
  throw new ArgumentError(`pool must be "sum", "mean", "max" or "norm", got ${JSON.stringify(pool)}.`);
}
