import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Shape} from "../../core/layer.ts";
import {axisOf} from "./channel.ts";
import type {Within} from "./granularity.ts";

/**
 * N:M sparsity: of every `m` consecutive weights along an axis the `n` with the largest scores stay; of equal ones the higher
 * index, as in jaxpruner. By default along the inputs, the last axis but one of a kernel [..., in, out], as sparse matrix units want
 * it. The pattern sets the sparsity, 1 - n / m. Throws an ArgumentError for an axis that m does not divide.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {granularity, prune} from "petri/pruning";
 *
 * const masks = await prune(mlp([8, 4]).init(key(0)), {granularity: granularity.nByM(2, 4)});
 * display(masks.dense1.kernel.arraySync());
 */
export function nByM(n: number, m: number, options: {axis?: number} = {}): Within {
  const {axis = -2} = options;
  checkCount("m", m);
  checkCount("n", n);
  if (n > m) throw new ArgumentError(`n weights of m stay: n must be at most m (${m}), got ${n}.`);
  return {
    kind: "within",
    name: `${n}:${m}`,
    choose(scores, shape, path) {
      const at = axisOf(axis, shape, path);
      checkDivides(m, shape, at, path);
      const inner = shape.slice(at + 1).reduce((size, dim) => size * dim, 1);
      const mask = new Uint8Array(scores.length);
      const starts = scores.length / m;
      for (let group = 0; group < starts; ++group) {
        const first = Math.floor(group / inner) * m * inner + (group % inner);
        keepBest(scores, mask, {first, inner, n, m});
      }
      return mask;
    }
  };
}

function checkDivides(m: number, shape: Shape, axis: number, path: string): void {
  const size = shape[axis] as number;
  if (size % m === 0) return;
  throw new ArgumentError(
    `${path} has ${size} weights along axis ${axis} (shape [${shape.join(", ")}]), which do not divide into groups of ${m}: pass another m or axis, or leave it out with \`prunable\`.`
  );
}

/** Marks the n best of m scores, `inner` apart. */
function keepBest(
  scores: Float32Array,
  mask: Uint8Array,
  {first, inner, n, m}: {first: number; inner: number; n: number; m: number}
): void {
  const score = (j: number) => {
    const value = scores[first + j * inner] as number;
    return Number.isNaN(value) ? -Infinity : value;
  };
  for (let j = 0; j < m; ++j) {
    let better = 0;
    for (let k = 0; k < m; ++k) {
      if (score(k) > score(j) || (score(k) === score(j) && k > j)) ++better;
    }
    // What earlier masks pruned never comes back.
    if (better < n && score(j) !== -Infinity) mask[first + j * inner] = 1;
  }
}
