// Shaders that take one number a thread: its bases into memory, and back.
import type {Specs} from "../kernel.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import {formOf, splineShader} from "./spline-shader.ts";
import type {SplineSizes} from "./spline-twin.ts";
import {lines, type SplineForm, wgslBase, wgslBaseSlope, wgslWindow} from "./spline-wgsl.ts";

const THREADS = 64;

/** `body` is of the number `at`, the one at `number` of x, with its bases from `start` on in memory. */
function eachNumber(
  form: SplineForm,
  sizes: SplineSizes,
  attrs: SplineAttrs,
  body: () => string,
  hasSlopes: boolean
): GpuKernel {
  return splineShader({
    form,
    sizes,
    attrs,
    tile: "",
    threads: THREADS,
    groups: Math.ceil((sizes.rows * sizes.inputs) / THREADS),
    columns: {element: "f32", zero: "0.0", outputs: sizes.outputs},
    wide: [],
    declarations: "",
    body: () => `  let number = tile * ${THREADS}u + thread;
  if (number >= args.rows * args.inputs) { return; }
  let input = number % args.inputs;
  let at = x[number];
${wgslWindow(form, hasSlopes)}
  let start = number * bases;
${body()}`
  });
}

/** All bases of all numbers, and what the function beside the splines gives of them. */
export function splineFeaturesShader(specs: Specs, sizes: SplineSizes, attrs: SplineAttrs): GpuKernel {
  const form = formOf(specs, attrs);
  const body = () => `  for (var b = 0u; b < bases; b++) { out0[start + b] = 0.0; }
${lines(form.order + 1, (t) => `  out0[start + u32(first) + ${t}u] = b${t};`)}
  ${form.base === "zero" ? "" : `out1[number] = ${wgslBase(form)};`}`;
  return eachNumber(form, sizes, attrs, body, false);
}

/** The gradient of x from those of what the other shader writes. */
export function splineFeaturesGradShader(specs: Specs, sizes: SplineSizes, attrs: SplineAttrs): GpuKernel {
  const form = formOf(specs, attrs);
  const body =
    () => `  var sum = ${form.base === "zero" ? "0.0" : `dResiduals[number] * ${wgslBaseSlope(form)}`};
${lines(form.order + 1, (t) => `  sum += d${t} * dFeatures[start + u32(first) + ${t}u];`)}
  out0[number] = sum;`;
  return eachNumber(form, sizes, attrs, body, true);
}
