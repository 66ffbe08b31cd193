// Shaders that take rows as they come: each thread reads the coefficients that its own row needs.
import type {Specs} from "../kernel.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import {type Columns, columnsOf, formOf, splineShader} from "./spline-shader.ts";
import type {SplineSizes} from "./spline-twin.ts";
import {lines, wgslBase, wgslBaseSlope, wgslWindow} from "./spline-wgsl.ts";

/** Threads that share a row, rows of a workgroup, and columns, or fours of them, that a thread takes. */
interface Share {
  lanes: number;
  rows: number;
  each: number;
}

/** Many threads for GPUs; on the CPU, where reading a number costs as much as a dozen multiplications, few that use what they read more often. */
const shareOf = ({element}: Columns, isSoftware: boolean): Share =>
  isSoftware ? {lanes: 4, rows: 16, each: 4} : {lanes: 16, rows: 4, each: element === "f32" ? 4 : 1};

/** Inputs that are brought into the workgroup's memory at a time. */
const CHUNK = 8;

/**
 * The layer: a workgroup finds the bases of a few rows and a few inputs at a time, and each of its threads adds up some columns of
 * one row from the coefficients that these need.
 */
export function splineForwardShader(
  specs: Specs,
  sizes: SplineSizes,
  attrs: SplineAttrs,
  isSoftware: boolean
): GpuKernel {
  const form = formOf(specs, attrs);
  const {order} = form;
  const hasBase = specs.baseWeights !== undefined;
  const columns = columnsOf(sizes);
  const {lanes, rows, each} = shareOf(columns, isSoftware);
  const across = Math.ceil(columns.outputs / (lanes * each));
  return splineShader({
    form,
    sizes,
    attrs,
    tile: `${lanes}`,
    columns,
    wide: ["coefficients", "baseWeights", "out0"],
    threads: lanes * rows,
    groups: across * Math.ceil(sizes.rows / rows),
    declarations: `var<workgroup> weights: array<f32, ${rows * CHUNK * (order + 1)}>;
var<workgroup> residuals: array<f32, ${rows * CHUNK}>;
var<workgroup> starts: array<u32, ${rows * CHUNK}>;`,
    body: () => `  let across = (args.outputs + ${lanes * each - 1}u) / ${lanes * each}u;
  let top = tile / across * ${rows}u;
  let row = top + thread / ${lanes}u;
  let left = tile % across * ${lanes * each}u + thread % ${lanes}u;
${lines(each, (s) => `  let o${s} = min(left + ${s * lanes}u, args.outputs - 1u);\n  var sum${s} = ${columns.zero};`)}
  for (var chunk = 0u; chunk < args.inputs; chunk += ${CHUNK}u) {
    workgroupBarrier();
    for (var slot = thread; slot < ${rows * CHUNK}u; slot += ${lanes * rows}u) {
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
      let slot = thread / ${lanes}u * ${CHUNK}u + each;
      var start = starts[slot];
${lines(
  order + 1,
  (t) => `      let w${t} = weights[slot * ${order + 1}u + ${t}u];
${lines(each, (s) => `      sum${s} += w${t} * coefficients[start + o${s}];`)}
      start += args.outputs;`
)}
${
  hasBase
    ? `      let residual = residuals[slot];
      let own = (chunk + each) * args.outputs;
${lines(each, (s) => `      sum${s} += residual * baseWeights[own + o${s}];`)}`
    : ""
}
    }
  }
  if (row >= args.rows) { return; }
${lines(each, (s) => `  if (left + ${s * lanes}u < args.outputs) { out0[row * args.outputs + o${s}] = sum${s}; }`)}`
  });
}

/** Threads that share the gradient of one number, and numbers of a workgroup. */
const SUM_LANES = 8;
const NUMBERS = 8;

/** The gradient of x: a few threads share a number's sum over columns, added up in order. */
export function splineInputGradShader(specs: Specs, sizes: SplineSizes, attrs: SplineAttrs): GpuKernel {
  const form = formOf(specs, attrs);
  const {order} = form;
  const columns = columnsOf(sizes);
  const hasBase = specs.baseWeights !== undefined;
  return splineShader({
    form,
    sizes,
    attrs,
    tile: "",
    columns,
    wide: ["dy", "coefficients", "baseWeights"],
    threads: SUM_LANES * NUMBERS,
    groups: Math.ceil((sizes.rows * sizes.inputs) / NUMBERS),
    declarations: `var<workgroup> partial: array<f32, ${SUM_LANES * NUMBERS}>;`,
    body: () => `  let lane = thread % ${SUM_LANES}u;
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
    var slope = ${hasBase ? "residual * baseWeights[input * args.outputs + o]" : columns.zero};
${lines(order + 1, (t) => `    slope += d${t} * coefficients[start + ${t}u * args.outputs + o];`)}
    sum += ${columns.element === "vec4f" ? "dot(slope, dy[row * args.outputs + o])" : "slope * dy[row * args.outputs + o]"};
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (lane > 0u || own >= args.rows * args.inputs) { return; }
${lines(SUM_LANES - 1, (l) => `  sum += partial[thread + ${l + 1}u];`)}
  out0[row * args.inputs + input] = sum;`
  });
}
