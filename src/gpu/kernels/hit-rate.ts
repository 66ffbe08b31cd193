import {defineKernel, type Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";

const THREADS = 128;

const run = defineKernel<object>({
  name: "PetriHitRate",
  inputs: ["logits", "labels"],
  outputs: () => [{shape: [], dtype: "float32"}],
  twin({logits, labels}, [out], _attrs, specs) {
    const [x, y] = [logits, labels] as [Values, Values];
    const [rows = 0, classes = 0] = specs.logits?.shape ?? [];
    let hits = 0;
    for (let r = 0; r < rows; ++r) {
      let best = 0;
      let isBroken = false;
      for (let c = 0; c < classes; ++c) {
        const value = x[r * classes + c] as number;
        if (Number.isNaN(value)) isBroken = true;
        if (value > (x[r * classes + best] as number)) best = c;
      }
      if (!isBroken && best === y[r]) ++hits;
    }
    (out as Values)[0] = hits / rows;
  },
  gpu({logits}) {
    const [rows = 0, classes = 0] = logits?.shape ?? [];
    return {
      variant: "",
      code: () => `var<workgroup> partial: array<f32, ${THREADS}>;

fn hit(r: u32) -> f32 {
  let start = r * args.classes;
  var best = 0u;
  var broken = false;
  for (var c = 0u; c < args.classes; c++) {
    let value = logits[start + c];
    // By its bits: a compiler may take it that x == x.
    broken = broken || (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
    if (value > logits[start + best]) { best = c; }
  }
  return select(0.0, 1.0, !broken && i32(best) == labels[r]);
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var r = thread; r < args.rows; r += ${THREADS}u) { sum += hit(r); }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var other = 1u; other < ${THREADS}u; other++) { sum += partial[other]; }
  out0[0] = sum / f32(args.rows);
}`,
      uniforms: {rows: {type: "u32", value: rows}, classes: {type: "u32", value: classes}},
      workgroups: [1, 1, 1]
    };
  }
});

/**
 * Share of the rows of logits float32 [rows, classes] whose largest entry, the first of equal ones, is that of labels int32
 * [rows]; a row with a NaN is none. NaN where there are no rows.
 */
export function hitRate(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  return run({logits, labels}, {})[0] as tf.Scalar;
}
