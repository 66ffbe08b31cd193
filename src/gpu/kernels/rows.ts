import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {countingSort} from "./counting-sort.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

const TAKE = "PetriTakeRows";
const SUM = "PetriSumRows";

const countOf = ({ids}: Specs) => ids?.shape[0] ?? 0;

const takeKernel = defineKernel<{rows: number; features: number}>({
  name: TAKE,
  inputs: ["table", "ids"],
  outputs: (specs, {features}) => [{shape: [countOf(specs), features], dtype: "float32"}],
  twin({table, ids}, [taken], {rows, features}) {
    const [from, id, to] = [table, ids, taken] as [Values, Values, Values];
    for (let i = 0; i < id.length; ++i) {
      const row = id[i] as number;
      if (row < 0 || row >= rows) to.fill(Number.NaN, i * features, (i + 1) * features);
      else to.set(from.subarray(row * features, (row + 1) * features), i * features);
    }
  },
  gpu(specs, {rows, features}) {
    const size = countOf(specs) * features;
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `  let row = ids[i / args.features];
  if (row < 0 || row >= i32(args.rows)) {
    out0[i] = args.missing;
    return;
  }
  out0[i] = table[u32(row) * args.features + i % args.features];`
        ),
      uniforms: {
        rows: {type: "u32", value: rows},
        features: {type: "u32", value: features},
        size: {type: "u32", value: size},
        missing: {type: "f32", value: Number.NaN}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

const sumKernel = defineKernel<{rows: number; features: number}>({
  name: SUM,
  inputs: ["taken", "ids"],
  outputs: (_specs, {rows, features}) => [{shape: [rows, features], dtype: "float32"}],
  twin({taken, ids}, [table], {rows, features}) {
    const [from, id, to] = [taken, ids, table] as [Values, Values, Values];
    to.fill(0);
    for (let i = 0; i < id.length; ++i) {
      const row = id[i] as number;
      if (row < 0 || row >= rows) continue;
      for (let f = 0; f < features; ++f) {
        const at = row * features + f;
        to[at] = (to[at] as number) + (from[i * features + f] as number);
      }
    }
  },
  gpu(specs, {rows, features}) {
    const planes = Math.ceil(rows / MOST_WORKGROUPS);
    return {
      variant: "",
      code: () => wgslSumRows,
      uniforms: {
        rows: {type: "u32", value: rows},
        features: {type: "u32", value: features},
        count: {type: "u32", value: countOf(specs)}
      },
      workgroups: [Math.ceil(rows / planes), planes, 1]
    };
  }
});

const MOST_WORKGROUPS = 65_535;
const THREADS = 64;
/** Numbers that a workgroup looks through at a time, and each of its threads. */
const SEGMENT = 1024;
const SHARE = SEGMENT / THREADS;

/** A workgroup sums one row of the table: it lists where the row's number stands, in order, and each thread adds up a feature of those. */
const wgslSumRows = `var<workgroup> places: array<u32, ${SEGMENT}>;
var<workgroup> counts: array<u32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= args.rows) { return; }
  for (var block = 0u; block < args.features; block += ${THREADS}u) {
    let f = min(block + thread, args.features - 1u);
    var sum = 0.0;
    for (var start = 0u; start < args.count; start += ${SEGMENT}u) {
      let first = start + thread * ${SHARE}u;
      let end = min(first + ${SHARE}u, args.count);
      var own = 0u;
      for (var j = first; j < end; j++) { own += u32(ids[j] == i32(row)); }
      counts[thread] = own;
      workgroupBarrier();
      var next = 0u;
      var all = 0u;
      for (var other = 0u; other < ${THREADS}u; other++) {
        next += select(0u, counts[other], other < thread);
        all += counts[other];
      }
      for (var j = first; j < end; j++) {
        if (ids[j] == i32(row)) {
          places[next] = j;
          next++;
        }
      }
      workgroupBarrier();
      for (var k = 0u; k < all; k++) { sum += taken[places[k] * args.features + f]; }
      workgroupBarrier();
    }
    if (block + thread < args.features) { out0[row * args.features + f] = sum; }
  }
}`;

/** Rows that come after another one when they are sorted by number, added up: `order` and `offsets` are what countingSort gives. */
const sumSortedKernel = defineKernel<{rows: number; features: number}>({
  name: "PetriSumSortedRows",
  inputs: ["taken", "order", "offsets"],
  outputs: (_specs, {rows, features}) => [{shape: [rows, features], dtype: "float32"}],
  twin({taken, order, offsets}, [table], {rows, features}) {
    const [from, place, first, to] = [taken, order, offsets, table] as [Values, Values, Values, Values];
    to.fill(0);
    for (let row = 0; row < rows; ++row)
      for (let k = first[row] as number; k < (first[row + 1] as number); ++k)
        for (let f = 0; f < features; ++f) {
          const at = row * features + f;
          to[at] = (to[at] as number) + (from[(place[k] as number) * features + f] as number);
        }
  },
  gpu(_specs, {rows, features}) {
    const size = rows * features;
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `  let row = i / args.features;
  var sum = 0.0;
  for (var k = offsets[row]; k < offsets[row + 1u]; k++) { sum += taken[u32(order[k]) * args.features + i % args.features]; }
  out0[i] = sum;`
        ),
      uniforms: {size: {type: "u32", value: size}, features: {type: "u32", value: features}},
      workgroups: flatWorkgroups(size)
    };
  }
});

/** Comparisons of numbers beyond which sorting them first is less work than that every row looks through all. */
const MOST_COMPARISONS = 2 ** 23;

/**
 * Rows of a table by number: table [rows, features], ids int32 [count] -> [count, features]. A number that the table does not
 * have gives NaN, on every backend. tfjs cannot take the gradient on wasm, and adds it up in any order on webgpu.
 */
export function takeTableRows(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const [rows = 0, features = 0] = table.shape;
  return takeKernel({table, ids}, {rows, features})[0] as tf.Tensor;
}

/**
 * Adds rows [count, features] up by number, in order, into a table [rows, features]: the transpose of takeTableRows. Numbers that
 * the table does not have count nothing.
 */
export function sumTableRows(taken: tf.Tensor, ids: tf.Tensor, rows: number): tf.Tensor {
  const [count = 0, features = 0] = taken.shape;
  const isLong = rows * count > MOST_COMPARISONS && !isRecording() && tf.getBackend() === "webgpu";
  return isLong ? sumSorted(taken, ids, rows) : (sumKernel({taken, ids}, {rows, features})[0] as tf.Tensor);
}

/** Rows of a table by number, in ordinary operations: zeros for a negative number, which is that of no row. */
export function takeChosenRows(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  return masked(takeTableRows(table, atLeastZero(ids)), ids);
}

/** Its transpose: adds rows up by number, those with a negative one not at all. */
export function sumChosenTableRows(taken: tf.Tensor, ids: tf.Tensor, rows: number): tf.Tensor {
  return sumTableRows(masked(taken, ids), atLeastZero(ids), rows);
}

const atLeastZero = (ids: tf.Tensor) => tf.maximum(ids, tf.scalar(0, "int32"));
const masked = (x: tf.Tensor, ids: tf.Tensor) =>
  tf.where(tf.greaterEqual(tf.expandDims(ids, 1), 0), x, tf.zerosLike(x));

/** `sumTableRows` by way of a sort, for tables of many rows; it has no gradient. */
export function sumSorted(taken: tf.Tensor, ids: tf.Tensor, rows: number): tf.Tensor {
  const {order, places, offsets} = countingSort(ids, rows);
  const inputs = {taken, order, offsets};
  const sums = sumSortedKernel(inputs, {rows, features: taken.shape[1] ?? 0})[0] as tf.Tensor;
  tf.dispose([order, places, offsets]);
  return sums;
}

/** Row numbers are whole: nothing changes near them. */
const noGradient = (ids: tf.Tensor) => () => tf.zeros(ids.shape);

tf.registerGradient({
  kernelName: TAKE,
  inputsToSave: ["ids"],
  gradFunc: (dy, [ids], attrs) => ({
    table: () => sumTableRows(dy as tf.Tensor, ids as tf.Tensor, (attrs as {rows?: number}).rows ?? 0),
    ids: noGradient(ids as tf.Tensor)
  })
});

tf.registerGradient({
  kernelName: SUM,
  inputsToSave: ["ids"],
  gradFunc: (dy, [ids]) => ({
    taken: () => takeTableRows(dy as tf.Tensor, ids as tf.Tensor),
    ids: noGradient(ids as tf.Tensor)
  })
});
