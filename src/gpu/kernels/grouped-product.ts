import {defineKernel, type Kernel, type Specs, type Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate, wgslSlope} from "./activation-wgsl.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {type GroupedAttrs, type GroupedSizes, groupedGradTwin, groupedTwin} from "./grouped-twin.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";

const u32 = (value: number) => ({type: "u32", value}) as const;

function sizesOf({x, kernels, rows}: Specs, {isTurned}: GroupedAttrs): GroupedSizes {
  const [groups = 0, down = 0, across = 0] = kernels?.shape ?? [];
  const [inner, columns] = isTurned ? [across, down] : [down, across];
  return {m: rowsOf(rows ?? x), inner, columns, groups};
}

function gradSizesOf({x, dy, offsets}: Specs): GroupedSizes {
  return {m: rowsOf(dy), inner: widthOf(x), columns: widthOf(dy), groups: rowsOf(offsets) - 1};
}

const uniformsOf = ({m, inner, columns, groups}: GroupedSizes, size: number) => ({
  size: u32(size),
  m: u32(m),
  inner: u32(inner),
  columns: u32(columns),
  groups: u32(groups)
});

/** WGSL: the group of a sorted row, `groups` for none. */
const WGSL_GROUP = `fn group_of(row: u32) -> u32 {
  var low = 0u;
  var high = args.groups;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (i32(row) >= offsets[middle + 1u]) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}
`;

const source = ({rows}: Specs, row: string) => (rows ? `rows[${row}]` : `i32(${row})`);

/**
 * Rows times the matrix of their group: inputs x [n, in], kernels [E, in, out], bias [E, out], offsets int32 [E + 1], rows int32 [m] of x, and y as
 * x where x is a gradient to be multiplied by a slope.
 */
export const groupedKernel: Omit<Kernel<GroupedAttrs>, "name"> = {
  inputs: ["x", "kernels", "bias", "offsets", "rows", "y"],
  outputs(specs, attrs) {
    const {m, columns} = sizesOf(specs, attrs);
    return [{shape: [m, columns], dtype: "float32"}];
  },
  twin: (inputs, [out], attrs, specs) => groupedTwin(inputs, out as Values, sizesOf(specs, attrs), attrs),
  gpu(specs, attrs) {
    const sizes = sizesOf(specs, attrs);
    const {activation, isTurned, slope} = attrs;
    const size = sizes.m * sizes.columns;
    return {
      variant: `${activation} ${isTurned} ${slope}`,
      code: () =>
        `${WGSL_GROUP}${wgslActivate(activation)}${wgslSlope(slope)}${flatMain(
          "args.size",
          `  let row = i / args.columns;
  let column = i % args.columns;
  let g = group_of(row);
  let own = ${source(specs, "row")};
  if (g >= args.groups || own < 0) {
    out0[i] = 0.0;
    return;
  }
  let first = u32(own) * args.inner;
  var sum = ${specs.bias ? "bias[g * args.columns + column]" : "0.0"};
  for (var k = 0u; k < args.inner; k++) {
    let weight = kernels[g * args.inner * args.columns + ${isTurned ? "column * args.inner + k" : "k * args.columns + column"}];
    sum += ${specs.y ? "slope(vec4f(x[first + k]), vec4f(y[first + k])).x" : "x[first + k]"} * weight;
  }
  out0[i] = activate(vec4f(sum)).x;`
        )}`,
      uniforms: uniformsOf(sizes, size),
      workgroups: flatWorkgroups(size)
    };
  }
};

/** The gradients of the matrices, and of the biases where they are asked for: inputs x, dy [m, out], y, offsets, rows. */
const gradKernel = defineKernel<{activation: FusedActivation; hasBias: boolean}>({
  name: "PetriGroupedMatmulKernelGrads",
  inputs: ["x", "dy", "offsets", "rows", "y"],
  outputs(specs, {hasBias}) {
    const {groups, inner, columns} = gradSizesOf(specs);
    const kernels = {shape: [groups, inner, columns], dtype: "float32"} as const;
    return hasBias ? [kernels, {shape: [groups, columns], dtype: "float32"}] : [kernels];
  },
  twin: (inputs, outputs, {activation}, specs) =>
    groupedGradTwin(inputs, outputs, gradSizesOf(specs), activation),
  gpu(specs, {activation, hasBias}) {
    const sizes = gradSizesOf(specs);
    const size = sizes.groups * sizes.inner * sizes.columns;
    return {
      variant: `${activation} ${hasBias}`,
      code: () =>
        `${wgslSlope(activation)}${flatMain(
          "args.size",
          `  let column = i % args.columns;
  let input = i / args.columns % args.inner;
  let g = i / args.columns / args.inner;
  var sum = 0.0;
  var total = 0.0;
  for (var row = u32(offsets[g]); row < u32(offsets[g + 1u]); row++) {
    let own = ${source(specs, "row")};
    if (own < 0) { continue; }
    let at = row * args.columns + column;
    let dz = ${specs.y ? "slope(vec4f(dy[at]), vec4f(y[at])).x" : "dy[at]"};
    sum += x[u32(own) * args.inner + input] * dz;
    total += dz;
  }
  out0[i] = sum;
  ${hasBias ? "if (input == 0u) { out1[g * args.columns + column] = total; }" : ""}`
        )}`,
      uniforms: uniformsOf(sizes, size),
      workgroups: flatWorkgroups(size)
    };
  }
});

/** dW [E, in, out] and, with `hasBias`, db [E, out] from x, the rows' gradients dy [m, out] and, where the layer has an activation, its values y. */
export const groupedKernelGrads = (
  inputs: Record<string, tf.Tensor>,
  activation: FusedActivation,
  hasBias: boolean
): tf.Tensor[] => gradKernel(inputs, {activation, hasBias});
