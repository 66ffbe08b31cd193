// The shaders of layers of splines: how threads share the work of the layer and of its gradients.
import type {Specs} from "../kernel.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import type {SplineSizes} from "./spline-twin.ts";
import {lines, range, type SplineForm, wgslBase, wgslBaseSlope, wgslWindow} from "./spline-wgsl.ts";

const MOST_WORKGROUPS = 65_535;

interface SplineShader {
  form: SplineForm;
  sizes: SplineSizes;
  attrs: SplineAttrs;
  /** What else the text depends on. */
  tile: string;
  groups: number;
  code: () => string;
}

function kernelOf({form, sizes, attrs, tile, groups, code}: SplineShader): GpuKernel {
  const u32 = (value: number) => ({type: "u32", value}) as const;
  const planes = Math.ceil(groups / MOST_WORKGROUPS);
  return {
    variant: `${form.order} ${form.base} ${tile}`,
    code,
    uniforms: {
      rows: u32(sizes.rows),
      inputs: u32(sizes.inputs),
      outputs: u32(sizes.outputs),
      intervals: u32(attrs.intervals),
      low: {type: "f32", value: attrs.low},
      scale: {type: "f32", value: attrs.intervals / (attrs.high - attrs.low)}
    },
    workgroups: [Math.ceil(groups / planes), planes, 1]
  };
}

const formOf = (specs: Specs, {order, base}: SplineAttrs): SplineForm => ({
  order,
  base,
  hasKnots: specs.knots !== undefined
});

const main = (threads: number, body: string) => `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let intervals = i32(args.intervals);
  let bases = args.intervals + ${"ORDER"}u;
  let tile = group.y * groups.x + group.x;
${body}
}`;

/** Threads of a workgroup of the layer: so many share a row's columns, and so many rows there are. */
const LANES = 16;
const ROWS = 4;
const EACH = 4;
const CHUNK = 16;

/**
 * The layer: a workgroup finds the bases of a few rows and a few inputs at a time, and each of its threads adds up some columns of
 * one row from the coefficients that these need.
 */
export function splineForwardShader(specs: Specs, sizes: SplineSizes, attrs: SplineAttrs): GpuKernel {
  const form = formOf(specs, attrs);
  const {order} = form;
  const hasBase = specs.baseWeights !== undefined;
  const across = Math.ceil(sizes.outputs / (LANES * EACH));
  const code = () => `var<workgroup> weights: array<f32, ${ROWS * CHUNK * (order + 1)}>;
var<workgroup> residuals: array<f32, ${ROWS * CHUNK}>;
var<workgroup> starts: array<u32, ${ROWS * CHUNK}>;
${main(
  LANES * ROWS,
  `  let across = (args.outputs + ${LANES * EACH - 1}u) / ${LANES * EACH}u;
  let top = tile / across * ${ROWS}u;
  let row = top + thread / ${LANES}u;
  let left = tile % across * ${LANES * EACH}u + thread % ${LANES}u;
${lines(EACH, (s) => `  let o${s} = min(left + ${s * LANES}u, args.outputs - 1u);\n  var sum${s} = 0.0;`)}
  for (var chunk = 0u; chunk < args.inputs; chunk += ${CHUNK}u) {
    workgroupBarrier();
    for (var slot = thread; slot < ${ROWS * CHUNK}u; slot += ${LANES * ROWS}u) {
      let input = min(chunk + slot % ${CHUNK}u, args.inputs - 1u);
      let at = x[min(top + slot / ${CHUNK}u, args.rows - 1u) * args.inputs + input];
${wgslWindow(form, false)}
${lines(order + 1, (t) => `      weights[slot * ${order + 1}u + ${t}u] = b${t};`)}
      starts[slot] = (input * bases + u32(first)) * args.outputs;
      ${hasBase ? `residuals[slot] = ${wgslBase(form)};` : ""}
    }
    workgroupBarrier();
    let count = min(${CHUNK}u, args.inputs - chunk);
    for (var each = 0u; each < count; each++) {
      let slot = thread / ${LANES}u * ${CHUNK}u + each;
      var start = starts[slot];
${lines(
  order + 1,
  (t) => `      let w${t} = weights[slot * ${order + 1}u + ${t}u];
${lines(EACH, (s) => `      sum${s} += w${t} * coefficients[start + o${s}];`)}
      start += args.outputs;`
)}
${
  hasBase
    ? `      let residual = residuals[slot];
      let own = (chunk + each) * args.outputs;
${lines(EACH, (s) => `      sum${s} += residual * baseWeights[own + o${s}];`)}`
    : ""
}
    }
  }
  if (row >= args.rows) { return; }
${lines(EACH, (s) => `  if (left + ${s * LANES}u < args.outputs) { out0[row * args.outputs + o${s}] = sum${s}; }`)}`
).replace("ORDER", String(order))}`;
  const groups = across * Math.ceil(sizes.rows / ROWS);
  return kernelOf({form, sizes, attrs, tile: "", groups, code});
}

/** Threads that share the gradient of one number, and numbers of a workgroup. */
const SUM_LANES = 8;
const NUMBERS = 8;

/** The gradient of x: a few threads share a number's sum over columns, added up in order. */
export function splineInputGradShader(specs: Specs, sizes: SplineSizes, attrs: SplineAttrs): GpuKernel {
  const form = formOf(specs, attrs);
  const {order} = form;
  const hasBase = specs.baseWeights !== undefined;
  const code = () => `var<workgroup> partial: array<f32, ${SUM_LANES * NUMBERS}>;
${main(
  SUM_LANES * NUMBERS,
  `  let lane = thread % ${SUM_LANES}u;
  let own = tile * ${NUMBERS}u + thread / ${SUM_LANES}u;
  let number = min(own, args.rows * args.inputs - 1u);
  let input = number / args.rows;
  let row = number % args.rows;
  let at = x[row * args.inputs + input];
${wgslWindow(form, true)}
  let start = (input * bases + u32(first)) * args.outputs;
  ${hasBase ? `let residual = ${wgslBaseSlope(form)};` : ""}
  var sum = 0.0;
  for (var o = lane; o < args.outputs; o += ${SUM_LANES}u) {
    var slope = ${hasBase ? "residual * baseWeights[input * args.outputs + o]" : "0.0"};
${lines(order + 1, (t) => `    slope += d${t} * coefficients[start + ${t}u * args.outputs + o];`)}
    sum += slope * dy[row * args.outputs + o];
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (lane > 0u || own >= args.rows * args.inputs) { return; }
${lines(SUM_LANES - 1, (l) => `  sum += partial[thread + ${l + 1}u];`)}
  out0[row * args.inputs + input] = sum;`
).replace("ORDER", String(order))}`;
  const groups = Math.ceil((sizes.rows * sizes.inputs) / NUMBERS);
  return kernelOf({form, sizes, attrs, tile: "", groups, code});
}

/** Numbers of workgroup memory for the bases of rows. */
const MOST_STAGED = 2048;
/** Starts of windows that are looked at at a time. */
const CELLS = 128;

/**
 * The gradients of coefficients and of the base's weights: a workgroup takes one input, puts rows in the order of their intervals
 * and walks along the grid: each thread keeps the `order + 1` sums of one column that the interval changes in registers, and
 * writes each when the interval after its last has come.
 */
export function splineWeightGradsShader(
  specs: Specs,
  sizes: SplineSizes,
  attrs: SplineAttrs,
  hasBase: boolean
): GpuKernel {
  const form = formOf(specs, attrs);
  const {order} = form;
  const threads = sizes.outputs > 32 ? 64 : 16;
  const rows = Math.floor(MOST_STAGED / (order + 4));
  const code = () => `var<workgroup> weights: array<f32, ${rows * (order + 1)}>;
var<workgroup> residuals: array<f32, ${rows}>;
var<workgroup> cells: array<u32, ${rows}>;
var<workgroup> sorted: array<u32, ${rows}>;
var<workgroup> ends: array<u32, ${CELLS + 1}>;
${main(
  threads,
  `  let across = (args.outputs + ${threads - 1}u) / ${threads}u;
  let input = tile / across;
  let column = tile % across * ${threads}u + thread;
  let o = min(column, args.outputs - 1u);
  if (input >= args.inputs) { return; }
  var residual = 0.0;
  for (var top = 0u; top < args.rows; top += ${rows}u) {
    let count = min(${rows}u, args.rows - top);
    workgroupBarrier();
    for (var slot = thread; slot < count; slot += ${threads}u) {
      let at = x[(top + slot) * args.inputs + input];
${wgslWindow(form, false)}
${lines(order + 1, (t) => `      weights[slot * ${order + 1}u + ${t}u] = b${t};`)}
      cells[slot] = u32(first);
      ${hasBase ? `residuals[slot] = ${wgslBase(form)};` : ""}
    }
${lines(order + 1, (t) => `    var sum${t} = 0.0;`)}
    var write = input * bases * args.outputs + o;
    for (var block = 0u; block < args.intervals; block += ${CELLS}u) {
      let size = min(${CELLS}u, args.intervals - block);
      workgroupBarrier();
      if (thread == 0u) {
        // A counting sort: counts, where each interval begins, then the rows in their places.
        for (var cell = 0u; cell <= size; cell++) { ends[cell] = 0u; }
        for (var slot = 0u; slot < count; slot++) {
          let cell = cells[slot] - block;
          if (cell < size - 1u) { ends[cell + 2u] += 1u; }
        }
        for (var cell = 2u; cell <= size; cell++) { ends[cell] += ends[cell - 1u]; }
        for (var slot = 0u; slot < count; slot++) {
          let cell = cells[slot] - block;
          if (cell < size) {
            sorted[ends[cell + 1u]] = slot;
            ends[cell + 1u] += 1u;
          }
        }
      }
      workgroupBarrier();
      for (var cell = 0u; cell < size; cell++) {
        for (var place = ends[cell]; place < ends[cell + 1u]; place++) {
          let slot = sorted[place];
          let upstream = dy[(top + slot) * args.outputs + o];
${lines(order + 1, (t) => `          sum${t} += weights[slot * ${order + 1}u + ${t}u] * upstream;`)}
          ${hasBase ? "residual += residuals[slot] * upstream;" : ""}
        }
        if (column < args.outputs) { ${writeSum("sum0")} }
        write += args.outputs;
${range(order)
  .map((t) => `        sum${t} = sum${t + 1};`)
  .join("\n")}
        sum${order} = 0.0;
      }
    }
    if (column < args.outputs) {
${lines(order, (t) => `      ${writeSum(`sum${t}`)}\n      write += args.outputs;`)}
    }
  }
  ${hasBase ? "if (column < args.outputs) { out1[input * args.outputs + o] = residual; }" : ""}`
).replace("ORDER", String(order))}`;
  const groups = sizes.inputs * Math.ceil(sizes.outputs / threads);
  return kernelOf({form, sizes, attrs, tile: `${threads} ${hasBase}`, groups, code});
}

/** Rows that do not fit into the workgroup's memory come in a later turn and are added to what was written. */
const writeSum = (sum: string) => `if (top == 0u) { out0[write] = ${sum}; } else { out0[write] += ${sum}; }`;
