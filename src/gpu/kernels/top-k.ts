import {noGradient, registerGradient} from "../gradients/register.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {checkTensor, checkWhole} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

const TOP = "PetriTopK";
const PLACE = "PetriTopKPlace";
const TAKE = "PetriTopKTake";

/** Threads that search a row together. */
const THREADS = 64;
const MOST_WORKGROUPS = 65_535;

const rowsOf = (specs: Specs, name: string) => specs[name]?.shape[0] ?? 0;
const widthOf = (specs: Specs, name: string) => specs[name]?.shape[1] ?? 0;

/** True if a stands before b: larger or, being equal, earlier; what is no number is the largest and must not be lost. */
function beats(a: number, i: number, b: number, j: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? i < j : Number.isNaN(a);
  return a === b ? i < j : a > b;
}

export const WGSL_BEATS = `fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }
fn beats(a: f32, i: u32, b: f32, j: u32) -> bool {
  let isNan = vec2<bool>(is_nan(a), is_nan(b));
  if (any(isNan)) { return select(isNan.x, i < j, all(isNan)); }
  return select(a > b, i < j, a == b);
}
`;

const topKernel = defineKernel<{k: number}>({
  name: TOP,
  inputs: ["x"],
  outputs: (specs, {k}) => [
    {shape: [rowsOf(specs, "x"), k], dtype: "float32"},
    {shape: [rowsOf(specs, "x"), k], dtype: "int32"}
  ],
  twin({x}, [values, indices], {k}, specs) {
    const [from, best, at] = [x, values, indices] as [Values, Values, Values];
    const n = widthOf(specs, "x");
    for (let row = 0; row < rowsOf(specs, "x"); ++row)
      topIndices(
        from.subarray(row * n, (row + 1) * n),
        best.subarray(row * k, (row + 1) * k),
        at.subarray(row * k, (row + 1) * k)
      );
  },
  gpu(specs, {k}) {
    const [rows, n] = [rowsOf(specs, "x"), widthOf(specs, "x")];
    return {
      ...cheapest(rows, n, k),
      uniforms: {
        rows: {type: "u32", value: rows},
        n: {type: "u32", value: n},
        k: {type: "u32", value: k},
        size: {type: "u32", value: rows * n}
      }
    };
  }
});

/** The indices of the largest elements of a row, the largest first, into `at`, and the elements into `best`: each is put where it belongs among the best so far. */
export function topIndices(row: Values, best: Values, at: Values): void {
  const k = best.length;
  for (let i = 0, count = 0; i < row.length; ++i) {
    const value = row[i] as number;
    if (count === k && !beats(value, i, best[k - 1] as number, at[k - 1] as number)) continue;
    let place = count < k ? count++ : k - 1;
    for (; place > 0 && beats(value, i, best[place - 1] as number, at[place - 1] as number); --place) {
      best[place] = best[place - 1] as number;
      at[place] = at[place - 1] as number;
    }
    best[place] = value;
    at[place] = i;
  }
}

/** Few numbers a row: one thread each. Many wanted of many: every element counts those before it. Else a workgroup searches. */
function cheapest(rows: number, n: number, k: number): Omit<GpuKernel, "uniforms"> {
  if (n * k <= 1024) return {variant: "thread", code: () => BY_THREAD, workgroups: flatWorkgroups(rows)};
  // A round of the search costs about ten barriers besides its reads.
  if (n * n <= 4 * k * (n + 40 * THREADS))
    return {variant: "rank", code: () => BY_RANK, workgroups: flatWorkgroups(rows * n)};
  return {
    variant: "search",
    code: () => BY_SEARCH,
    workgroups: [Math.min(rows, MOST_WORKGROUPS), Math.ceil(rows / MOST_WORKGROUPS), 1]
  };
}

/** k rounds over the row; each finds the best of what stands behind the last one found. */
const BY_THREAD = `${WGSL_BEATS}${flatMain(
  "args.rows",
  `  let first = i * args.n;
  var last = 0.0;
  var at = args.n;
  for (var j = 0u; j < args.k; j++) {
    var best = 0.0;
    var winner = args.n;
    for (var c = 0u; c < args.n; c++) {
      let value = x[first + c];
      let isLeft = at == args.n || beats(last, at, value, c);
      if (isLeft && (winner == args.n || beats(value, c, best, winner))) {
        best = value;
        winner = c;
      }
    }
    out0[i * args.k + j] = best;
    out1[i * args.k + j] = i32(winner);
    last = best;
    at = winner;
  }`
)}`;

/** An element's place is the number of those that beat it. */
const BY_RANK = `${WGSL_BEATS}${flatMain(
  "args.size",
  `  let row = i / args.n;
  let column = i % args.n;
  let value = x[i];
  var place = 0u;
  for (var c = 0u; c < args.n; c++) {
    if (beats(x[row * args.n + c], c, value, column)) { place++; }
  }
  if (place < args.k) {
    out0[row * args.k + place] = value;
    out1[row * args.k + place] = i32(column);
  }`
)}`;

/** The rounds of BY_THREAD with each thread looking at its share of the row. */
const BY_SEARCH = `${WGSL_BEATS}
var<workgroup> values: array<f32, ${THREADS}>;
var<workgroup> places: array<u32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = id.y * groups.x + id.x;
  if (row >= args.rows) { return; }
  let first = row * args.n;
  var last = 0.0;
  var at = args.n;
  for (var j = 0u; j < args.k; j++) {
    var best = 0.0;
    var winner = args.n;
    for (var c = thread; c < args.n; c += ${THREADS}u) {
      let value = x[first + c];
      let isLeft = at == args.n || beats(last, at, value, c);
      if (isLeft && (winner == args.n || beats(value, c, best, winner))) {
        best = value;
        winner = c;
      }
    }
    values[thread] = best;
    places[thread] = winner;
    workgroupBarrier();
    for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
      if (thread < half) {
        let other = places[thread + half];
        let own = places[thread];
        if (other < args.n && (own == args.n || beats(values[thread + half], other, values[thread], own))) {
          values[thread] = values[thread + half];
          places[thread] = other;
        }
      }
      workgroupBarrier();
    }
    last = values[0];
    at = places[0];
    if (thread == 0u) {
      out0[row * args.k + j] = last;
      out1[row * args.k + j] = i32(at);
    }
    workgroupBarrier();
  }
}`;

/** Inputs values and indices [rows, k], no index twice in a row; output rows of zeros [rows, n] with the values in their places. */
const placeKernel = defineKernel<{n: number}>({
  name: PLACE,
  inputs: ["values", "indices"],
  outputs: (specs, {n}) => [{shape: [rowsOf(specs, "values"), n], dtype: "float32"}],
  twin({values, indices}, [out], {n}, specs) {
    const [from, at, to] = [values, indices, out] as [Values, Values, Values];
    const k = widthOf(specs, "values");
    to.fill(0);
    for (let i = 0; i < from.length; ++i) to[Math.floor(i / k) * n + (at[i] as number)] = from[i] as number;
  },
  gpu(specs, {n}) {
    const [rows, k] = [rowsOf(specs, "values"), widthOf(specs, "values")];
    return {
      variant: "",
      code: () => `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = id.y * groups.x + id.x;
  if (row >= args.rows) { return; }
  for (var c = thread; c < args.n; c += ${THREADS}u) { out0[row * args.n + c] = 0.0; }
  storageBarrier();
  for (var j = thread; j < args.k; j += ${THREADS}u) {
    out0[row * args.n + u32(indices[row * args.k + j])] = values[row * args.k + j];
  }
}`,
      uniforms: {
        rows: {type: "u32", value: rows},
        n: {type: "u32", value: n},
        k: {type: "u32", value: k}
      },
      workgroups: [Math.min(rows, MOST_WORKGROUPS), Math.ceil(rows / MOST_WORKGROUPS), 1]
    };
  }
});

/** Inputs x [rows, n] and indices [rows, k]; output what x has there: the transpose of placing. */
const takeKernel = defineKernel<object>({
  name: TAKE,
  inputs: ["x", "indices"],
  outputs: ({indices}) => [{shape: indices?.shape ?? [], dtype: "float32"}],
  twin({x, indices}, [out], _attrs, specs) {
    const [from, at, to] = [x, indices, out] as [Values, Values, Values];
    const [n, k] = [widthOf(specs, "x"), widthOf(specs, "indices")];
    for (let i = 0; i < to.length; ++i) to[i] = from[Math.floor(i / k) * n + (at[i] as number)] as number;
  },
  gpu(specs) {
    const size = rowsOf(specs, "indices") * widthOf(specs, "indices");
    return {
      variant: "",
      code: () => flatMain("args.size", "  out0[i] = x[i / args.k * args.n + u32(indices[i])];"),
      uniforms: {
        size: {type: "u32", value: size},
        n: {type: "u32", value: widthOf(specs, "x")},
        k: {type: "u32", value: widthOf(specs, "indices")}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

/**
 * The k largest of each row of x, float32 [rows, n], the largest first: `values` and `indices` (int32), both [rows, k]. Of
 * equal ones the lower index comes first; what is no number is larger than everything, as in PyTorch, so that it is seen. One dispatch on webgpu. The
 * gradient of the values goes back to where they stood, that of the indices is zero. Throws KernelError for other tensors
 * and for k below 1 or above n.
 */
export function topK(x: tf.Tensor, k: number): {values: tf.Tensor; indices: tf.Tensor} {
  checkTensor("The matrix", x, 2);
  checkWhole("k", k, 1, x.shape[1]);
  const [values, indices] = topKernel({x}, {k});
  return {values: values as tf.Tensor, indices: indices as tf.Tensor};
}

/** Values in rows of n numbers, at the columns that `indices` say, and zeros elsewhere: what takes topK back. */
export const placeRows = (values: tf.Tensor, indices: tf.Tensor, n: number) =>
  placeKernel({values, indices}, {n})[0] as tf.Tensor;

/** What rows x [rows, n] have at the columns that `indices` [rows, k] say: the transpose of `placeRows`. */
export const takeRows = (x: tf.Tensor, indices: tf.Tensor) => takeKernel({x, indices}, {})[0] as tf.Tensor;

registerGradient({
  kernelName: TOP,
  save: ["x"],
  saveOutputs: [false, true],
  grads: ([dy], [x, indices]) => ({
    x: () => placeRows(dy as tf.Tensor, indices as tf.Tensor, (x as tf.Tensor).shape[1] ?? 0)
  })
});

registerGradient({
  kernelName: PLACE,
  save: ["indices"],
  grads: ([dy], [indices]) => ({
    values: () => takeRows(dy as tf.Tensor, indices as tf.Tensor),
    indices: () => noGradient(indices as tf.Tensor)
  })
});

registerGradient({
  kernelName: TAKE,
  save: ["x", "indices"],
  grads: ([dy], [x, indices]) => ({
    x: () => placeRows(dy as tf.Tensor, indices as tf.Tensor, (x as tf.Tensor).shape[1] ?? 0),
    indices: () => noGradient(indices as tf.Tensor)
  })
});
