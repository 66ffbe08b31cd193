import {twoLoops} from "../../../../gpu/kernels/lbfgs-direction.ts";
import {ArgumentError} from "../../errors.ts";
import {entries, leaves, type Tree, unflatten} from "../../tree.ts";
import type {Float64Loss} from "./types.ts";
import type {Vectors} from "./vectors.ts";

/** Vectors as Float64Array, for problems that need more digits than float32 has; no tensor is involved. */
export function float64Vectors<P extends Tree<Float64Array>>(): Vectors<
  P,
  Float64Loss<P>,
  Float64Array,
  number
> {
  return {
    flatten,
    shaped,
    async evaluate(loss, vector, like) {
      const [value, grads] = await loss(shaped(vector, like));
      return {loss: value, gradient: flatten(grads)};
    },
    sum: (weightA, a, weightB, b) => a.map((each, i) => weightA * each + weightB * (b[i] as number)),
    dot: (a, b) => a.reduce((sum, each, i) => sum + each * (b[i] as number), 0),
    largest: (a) => a.reduce((most, each) => Math.max(most, Math.abs(each)), 0),
    total: (a) => a.reduce((sum, each) => sum + Math.abs(each), 0),
    read: async (sums) => [...sums],
    append(rows, row, most) {
      const kept = rows.length < most * row.length ? rows : (rows as Float64Array).subarray(row.length);
      const out = new Float64Array(kept.length + row.length);
      out.set(kept);
      out.set(row, kept.length);
      return out;
    },
    direction(s, y, gradient) {
      const out = new Float64Array(gradient.length);
      twoLoops(s, y, gradient, out);
      return out;
    },
    scope: (compute) => compute(),
    free: () => {}
  };
}

function shaped<P extends Tree<Float64Array>>(vector: Float64Array, like: P): P {
  let start = 0;
  const parts = leaves<Float64Array>(like).map(({length}) => {
    start += length;
    return vector.slice(start - length, start);
  });
  return unflatten(like, parts) as P;
}

function flatten(params: Tree<Float64Array>): Float64Array {
  const parts = entries<Float64Array>(params).map(({path, leaf}) => {
    if (leaf instanceof Float64Array) return leaf;
    throw new ArgumentError(
      `lbfgsFloat64 needs a Float64Array, or a tree of them, got ${typeof leaf} at "${path}". Use Float64Array.from(values).`
    );
  });
  const out = new Float64Array(parts.reduce((size, part) => size + part.length, 0));
  let start = 0;
  for (const part of parts) {
    out.set(part, start);
    start += part.length;
  }
  return out;
}
