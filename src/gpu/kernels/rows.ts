import {defineKernel, type Specs, type Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
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
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `  let row = i32(i / args.features);
  var sum = 0.0;
  for (var j = 0u; j < args.count; j++) {
    if (ids[j] == row) { sum += taken[j * args.features + i % args.features]; }
  }
  out0[i] = sum;`
        ),
      uniforms: {
        features: {type: "u32", value: features},
        count: {type: "u32", value: countOf(specs)},
        size: {type: "u32", value: rows * features}
      },
      workgroups: flatWorkgroups(rows * features)
    };
  }
});

/**
 * Rows of a table by number: table [rows, features], ids int32 [count] -> [count, features]. A number that the table does not
 * have gives NaN, on every backend. tfjs cannot take the gradient on wasm, and adds it up in any order on webgpu.
 */
export function takeTableRows(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const [rows = 0, features = 0] = table.shape;
  return takeKernel({table, ids}, {rows, features})[0] as tf.Tensor;
}

/** Adds rows [count, features] up by number into a table [rows, features], in order: the transpose of takeTableRows. */
export function sumTableRows(taken: tf.Tensor, ids: tf.Tensor, rows: number): tf.Tensor {
  return sumKernel({taken, ids}, {rows, features: taken.shape[1] ?? 0})[0] as tf.Tensor;
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
