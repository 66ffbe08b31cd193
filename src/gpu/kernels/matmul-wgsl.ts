import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";

/** Sizes of products [rows, inner] x [inner, columns] and how their operands lie in memory. */
export interface MatMulLayout {
  /** Matrices in the stack; each is multiplied with its own. */
  batch: number;
  rows: number;
  columns: number;
  inner: number;
  transposeA: boolean;
  transposeB: boolean;
  hasBias: boolean;
  activation: FusedActivation;
}

/** Outputs a thread makes in each direction, and threads of a workgroup in each direction. */
const TILE = 4;
const GROUP = 8;
const MOST_WORKGROUPS = 65_535;

const ACTIVATE: Record<FusedActivation, string> = {
  linear: "x",
  // Not max, which may drop what is no number.
  relu: "select(x, vec4f(0.0), x < vec4f(0.0))",
  tanh: "tanh(x)",
  sigmoid: "1.0 / (1.0 + exp(-x))",
  elu: "select(exp(x) - 1.0, x, x > vec4f(0.0))"
};

/**
 * A register-tiled product: each thread keeps a 4x4 block of the result and reads eight numbers for sixteen
 * multiplications. No workgroup memory and no barriers, which software adapters emulate slowly and caches make up for.
 */
export function matMulKernel(layout: MatMulLayout): GpuKernel {
  const {batch, rows, columns, inner, transposeA, transposeB, hasBias, activation} = layout;
  return {
    variant: `${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}${hasBias ? "+bias" : ""} ${activation}`,
    code: () => code(layout),
    uniforms: {
      rows: {type: "u32", value: rows},
      columns: {type: "u32", value: columns},
      inner: {type: "u32", value: inner},
      batch: {type: "u32", value: batch}
    },
    workgroups: [
      Math.ceil(columns / (TILE * GROUP)),
      Math.ceil(rows / (TILE * GROUP)),
      Math.min(batch, MOST_WORKGROUPS)
    ]
  };
}

function code({transposeA, transposeB, hasBias, activation}: MatMulLayout): string {
  const lanes = [0, 1, 2, 3];
  // Rows and columns past the end repeat the last one: read twice, never written.
  const at = (i: number) =>
    transposeA ? `a[startA + k * args.rows + row${i}]` : `a[startA + row${i} * args.inner + k]`;
  const bt = (j: number) =>
    transposeB ? `b[startB + column${j} * args.inner + k]` : `b[startB + k * args.columns + column${j}]`;
  return `// NaN stays NaN, told by its bits: max, exp and the compiler are free to lose it, and a divergence would look well.
fn activate(x: vec4f) -> vec4f {
  let magnitude = bitcast<vec4u>(x) & vec4u(0x7fffffffu);
  return select(${ACTIVATE[activation]}, x, magnitude > vec4u(0x7f800000u));
}

@compute @workgroup_size(${GROUP}, ${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let top = id.y * ${TILE}u;
  let left = id.x * ${TILE}u;
  if (top >= args.rows || left >= args.columns) { return; }
${lanes.map((i) => `  let row${i} = min(top + ${i}u, args.rows - 1u);`).join("\n")}
${lanes.map((j) => `  let column${j} = min(left + ${j}u, args.columns - 1u);`).join("\n")}
  ${hasBias ? `let shift = vec4f(${lanes.map((j) => `bias[column${j}]`).join(", ")});` : "let shift = vec4f(0.0);"}
  for (var stack = id.z; stack < args.batch; stack += groups.z) {
  let startA = stack * args.rows * args.inner;
  let startB = stack * args.inner * args.columns;
  let start = stack * args.rows * args.columns;
${lanes.map((i) => `  var sum${i} = vec4f(0.0);`).join("\n")}
  for (var k = 0u; k < args.inner; k++) {
    let across = vec4f(${lanes.map(bt).join(", ")});
${lanes.map((i) => `    sum${i} += ${at(i)} * across;`).join("\n")}
  }
${lanes
  .map(
    (i) => `  if (top + ${i}u < args.rows) {
    let y = activate(sum${i} + shift);
${lanes.map((j) => `    if (left + ${j}u < args.columns) { out0[start + row${i} * args.columns + left + ${j}u] = y[${j}]; }`).join("\n")}
  }`
  )
  .join("\n")}
  }
}`;
}
