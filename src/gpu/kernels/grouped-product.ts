import {defineKernel, type Kernel, type Specs, type Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";
import {webGpuBackend} from "../tfjs-webgpu.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {isSoftware} from "./autotune.ts";
import {KERNEL_GRADS} from "./grouped-names.ts";
import {gradTile, productTile} from "./grouped-tiles.ts";
import {type GroupedAttrs, type GroupedSizes, groupedGradTwin, groupedTwin} from "./grouped-twin.ts";
import {groupedGradKernel, groupedProductKernel} from "./grouped-wgsl.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";

/** Sizes of rows a times the matrices b of their groups. */
export function groupedSizes({a, b, rows}: Specs, {isTurned}: GroupedAttrs): GroupedSizes {
  const [groups = 0, down = 0, across = 0] = b?.shape ?? [];
  const [inner, columns] = isTurned ? [across, down] : [down, across];
  return {m: rowsOf(rows ?? a), inner, columns, groups};
}

/** Sizes of the gradients of the matrices, from rows a and the gradients b of their products. */
export function groupedGradSizes({a, b, offsets}: Specs): GroupedSizes {
  return {m: rowsOf(b), inner: widthOf(a), columns: widthOf(b), groups: rowsOf(offsets) - 1};
}

/** Tiles follow from sizes and the kind of adapter alone: the same bits in every session. */
const isOnSoftware = () => {
  const backend = webGpuBackend();
  return backend !== undefined && isSoftware(backend.device);
};

/**
 * Rows times the matrix of their group: inputs a [n, in], b [E, in, out], bias [E, out], offsets int32 [E + 1], rows int32 [m] of a, and y as
 * a where a is a gradient to be multiplied by a slope.
 */
export const groupedKernel: Omit<Kernel<GroupedAttrs>, "name"> = {
  inputs: ["a", "b", "bias", "offsets", "rows", "y"],
  outputs(specs, attrs) {
    const {m, columns} = groupedSizes(specs, attrs);
    return [{shape: [m, columns], dtype: "float32"}];
  },
  twin: (inputs, [out], attrs, specs) =>
    groupedTwin(inputs, out as Values, groupedSizes(specs, attrs), attrs),
  gpu(specs, attrs) {
    const sizes = groupedSizes(specs, attrs);
    const {activation, isTurned, slope} = attrs;
    const layout = {
      isTurned,
      activation,
      isGathered: specs.rows !== undefined,
      hasBias: specs.bias !== undefined,
      slope: specs.y && slope
    };
    return groupedProductKernel(sizes, layout, productTile(sizes, isOnSoftware()));
  }
};

export interface GroupedGradAttrs {
  activation: FusedActivation;
  hasBias: boolean;
  /** Numbers in `rows` may be negative. */
  hasGaps: boolean;
}

/** The gradients of the matrices, and of the biases where they are asked for: inputs a (x), b (dy [m, out]), offsets, rows, y. */
const gradKernel = defineKernel<GroupedGradAttrs>({
  name: KERNEL_GRADS,
  inputs: ["a", "b", "offsets", "rows", "y"],
  outputs(specs, {hasBias}) {
    const {groups, inner, columns} = groupedGradSizes(specs);
    const matrices = {shape: [groups, inner, columns], dtype: "float32"} as const;
    return hasBias ? [matrices, {shape: [groups, columns], dtype: "float32"}] : [matrices];
  },
  twin: (inputs, outputs, {activation}, specs) =>
    groupedGradTwin(inputs, outputs, groupedGradSizes(specs), activation),
  gpu(specs, {activation, hasBias, hasGaps}) {
    const sizes = groupedGradSizes(specs);
    const layout = {isGathered: specs.rows !== undefined, slope: specs.y && activation, hasBias, hasGaps};
    return groupedGradKernel(sizes, layout, gradTile(sizes, isOnSoftware()));
  }
});

/** dW [E, in, out] and, with `hasBias`, db [E, out] from rows a, the gradients b of their products [m, out] and, where the layer has an activation, its values y. */
export const groupedKernelGrads = (inputs: Record<string, tf.Tensor>, attrs: GroupedGradAttrs): tf.Tensor[] =>
  gradKernel(inputs, attrs);
