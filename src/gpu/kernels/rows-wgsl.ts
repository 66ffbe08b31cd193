// WGSL of kernels that look at rows as a whole, several threads a row.
import type {GpuKernel} from "../webgpu-dispatch.ts";

/** Threads that share a row, and rows of a workgroup. */
const LANES = 16;
const ROWS = 4;
const MOST_WORKGROUPS = 65_535;

interface RowsKernel {
  rows: number;
  features: number;
  variant: string;
  /** Functions that the body calls. */
  helpers: string;
  /** Besides `rows` and `features`. */
  uniforms: GpuKernel["uniforms"];
  /**
   * Where `row` is the thread's row, which begins at `start`, and `lane` its number in it. Rows past the end repeat the last one,
   * because barriers want every thread: it writes only where `own < args.rows`.
   */
  body: string;
}

export function rowsKernel({rows, features, variant, helpers, uniforms, body}: RowsKernel): GpuKernel {
  const groups = Math.ceil(rows / ROWS);
  const planes = Math.ceil(groups / MOST_WORKGROUPS);
  return {
    variant,
    code: () => `${helpers}
@compute @workgroup_size(${LANES * ROWS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % ${LANES}u;
  let own = (group.y * groups.x + group.x) * ${ROWS}u + thread / ${LANES}u;
  let row = min(own, args.rows - 1u);
  let start = row * args.features;
${body}
}`,
    uniforms: {rows: {type: "u32", value: rows}, features: {type: "u32", value: features}, ...uniforms},
    workgroups: [Math.ceil(groups / planes), planes, 1]
  };
}

/** WGSL: `row_sum`, a sum that the threads of a row share, added up in order. */
export const wgslRowSum = `var<workgroup> partial: array<vec2f, ${LANES * ROWS}>;

fn row_sum(thread: u32, part: vec2f) -> vec2f {
  workgroupBarrier();
  partial[thread] = part;
  workgroupBarrier();
  var sum = vec2f(0.0);
  let first = thread / ${LANES}u * ${LANES}u;
  for (var other = 0u; other < ${LANES}u; other++) { sum += partial[first + other]; }
  return sum;
}
`;

/** WGSL that does something with the row's features `i`, the row's `f`-th, which its threads share. */
export const forEachFeature = (body: string) => `  for (var f = lane; f < args.features; f += ${LANES}u) {
    let i = start + f;
    ${body}
  }`;
