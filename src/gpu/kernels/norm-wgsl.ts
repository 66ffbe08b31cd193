import type {GpuKernel} from "../webgpu-dispatch.ts";
import {forEachFeature, rowsKernel, wgslRowSum} from "./rows-wgsl.ts";

/** Sizes of a normalisation over the last axis, and what there is of it. */
export interface NormLayout {
  rows: number;
  features: number;
  epsilon: number;
  /** The mean is taken away first. */
  centred: boolean;
  hasScale: boolean;
  hasBias: boolean;
}

/** Threads that share a column's sum, and columns of a workgroup. */
const COLUMN_LANES = 32;
const COLUMNS = 4;
const MOST_WORKGROUPS = 65_535;

const variantOf = ({centred, hasScale, hasBias}: NormLayout) =>
  [centred && "centred", hasScale && "scale", hasBias && "bias"].filter(Boolean).join(" ");

const kernelOfRows = (layout: NormLayout, body: string): GpuKernel =>
  rowsKernel({
    rows: layout.rows,
    features: layout.features,
    variant: variantOf(layout),
    helpers: wgslRowSum,
    uniforms: {epsilon: {type: "f32", value: layout.epsilon}},
    body: `  let count = f32(args.features);\n${body}`
  });

/** Makes y in out0, and in out1 each row's mean and one over its deviation. */
export function normForward(layout: NormLayout): GpuKernel {
  const {centred, hasScale, hasBias} = layout;
  const mean = `  var total = 0.0;
${forEachFeature("total += x[i];")}
  let mean = row_sum(thread, vec2f(total, 0.0)).x / count;`;
  return kernelOfRows(
    layout,
    `${centred ? mean : "  let mean = 0.0;"}
  var squares = 0.0;
${forEachFeature("squares += (x[i] - mean) * (x[i] - mean);")}
  let inverse = inverseSqrt(row_sum(thread, vec2f(squares, 0.0)).x / count + args.epsilon);
  if (own >= args.rows) { return; }
${forEachFeature(`out0[i] = (x[i] - mean) * inverse${hasScale ? " * scale[f]" : ""}${hasBias ? " + bias[f]" : ""};`)}
  if (lane == 0u) {
    out1[2u * row] = mean;
    out1[2u * row + 1u] = inverse;
  }`
  );
}

/** The gradient of x: what y's gradient has along a constant row and along the normalised row itself does not count. */
export function normInputGrad(layout: NormLayout): GpuKernel {
  const {centred, hasScale} = layout;
  const upstream = hasScale ? "dy[i] * scale[f]" : "dy[i]";
  return kernelOfRows(
    layout,
    `  let mean = moments[2u * row];
  let inverse = moments[2u * row + 1u];
  var part = vec2f(0.0);
${forEachFeature(`part += ${upstream} * vec2f(1.0, (x[i] - mean) * inverse);`)}
  let means = row_sum(thread, part) / count;
  if (own >= args.rows) { return; }
${forEachFeature(
  `out0[i] = inverse * (${upstream}${centred ? " - means.x" : ""} - (x[i] - mean) * inverse * means.y);`
)}`
  );
}

/** The gradients of factors (out0) and offsets (out1), sums over rows in a fixed order. */
export function normParamsGrad(layout: NormLayout): GpuKernel {
  const groups = Math.ceil(layout.features / COLUMNS);
  const planes = Math.ceil(groups / MOST_WORKGROUPS);
  return {
    variant: variantOf(layout),
    code: () => `var<workgroup> partial: array<vec2f, ${COLUMN_LANES * COLUMNS}>;

@compute @workgroup_size(${COLUMN_LANES * COLUMNS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = (group.y * groups.x + group.x) * ${COLUMNS}u + thread % ${COLUMNS}u;
  let f = min(column, args.features - 1u);
  var sum = vec2f(0.0);
  for (var row = thread / ${COLUMNS}u; row < args.rows; row += ${COLUMN_LANES}u) {
    let i = row * args.features + f;
    sum += dy[i] * vec2f((x[i] - moments[2u * row]) * moments[2u * row + 1u], 1.0);
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread >= ${COLUMNS}u || column >= args.features) { return; }
  for (var lane = 1u; lane < ${COLUMN_LANES}u; lane++) { sum += partial[lane * ${COLUMNS}u + thread]; }
  out0[f] = sum.x;
  out1[f] = sum.y;
}`,
    uniforms: {
      rows: {type: "u32", value: layout.rows},
      features: {type: "u32", value: layout.features},
      epsilon: {type: "f32", value: layout.epsilon}
    },
    workgroups: [Math.ceil(groups / planes), planes, 1]
  };
}
