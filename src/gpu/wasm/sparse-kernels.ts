import type {BlockAttrs} from "../kernels/block-sparse-linear.ts";
import type {CsrAttrs} from "../kernels/csr-linear.ts";
import type {MaskedAttrs} from "../kernels/masked-linear.ts";
import {rowsOf, widthOf} from "../kernels/matrix-sizes.ts";
import type {NmAttrs} from "../kernels/nm-linear.ts";
import {ACTIVATIONS, type NativeKernel} from "./native-kernel.ts";

/** The products of layers of which only some weights are kept; elu is left to their twins. */
export const sparseKernels = {
  PetriCsrLinear: (({native, scratch, at, outputs: [y = 0], attrs, specs}) => {
    const {activation, inputs, units} = attrs;
    if (activation === "elu") return false;
    const weights = [at("weights"), at("rows"), at("byUnit"), at("unitStarts")] as const;
    const sizes = [rowsOf(specs.x), inputs, units] as const;
    return Boolean(
      native.sparseProduct(at("x"), ...weights, at("bias"), y, scratch, ...sizes, ACTIVATIONS[activation])
    );
  }) satisfies NativeKernel<CsrAttrs>,

  PetriCsrLinearInputGrad: (({native, scratch, at, outputs: [dx = 0], attrs: {inputs, units}, specs}) => {
    const weights = [at("weights"), at("columns"), 0, at("rowStarts")] as const;
    const sizes = [rowsOf(specs.dy), units, inputs] as const;
    return Boolean(native.sparseProduct(at("dy"), ...weights, 0, dx, scratch, ...sizes, 0));
  }) satisfies NativeKernel<CsrAttrs>,

  PetriCsrLinearWeightGrad: (({native, scratch, at, outputs: [dw = 0], attrs: {inputs, units}, specs}) => {
    const sizes = [rowsOf(specs.x), inputs, units, rowsOf(specs.rows)] as const;
    return Boolean(native.sparseSlopes(at("x"), at("dy"), at("rows"), at("columns"), dw, scratch, ...sizes));
  }) satisfies NativeKernel<CsrAttrs>,

  PetriNmLinear: (({native, scratch, at, outputs: [y = 0], attrs: {n, m, activation}, specs}) => {
    if (activation === "elu") return false;
    const layer = [at("x"), at("weights"), at("places"), at("bias")] as const;
    const sizes = [rowsOf(specs.x), widthOf(specs.x), widthOf(specs.weights), n, m] as const;
    return Boolean(native.nmProduct(...layer, y, scratch, ...sizes, ACTIVATIONS[activation]));
  }) satisfies NativeKernel<NmAttrs>,

  PetriNmLinearInputGrad: (({native, scratch, at, outputs: [dx = 0], attrs: {n, m}, specs}) => {
    const inputs = (rowsOf(specs.weights) / n) * m;
    const sizes = [rowsOf(specs.dy), inputs, widthOf(specs.dy), n, m] as const;
    return Boolean(native.nmInputGrad(at("dy"), at("weights"), at("places"), dx, scratch, ...sizes));
  }) satisfies NativeKernel<NmAttrs>,

  PetriNmLinearWeightGrad: (({native, scratch, at, outputs: [dw = 0], attrs: {n, m}, specs}) => {
    const sizes = [rowsOf(specs.x), widthOf(specs.x), widthOf(specs.dy), n, m] as const;
    return Boolean(native.nmWeightGrad(at("x"), at("dy"), at("places"), dw, scratch, ...sizes));
  }) satisfies NativeKernel<NmAttrs>,

  PetriBlockSparseLinear: (({native, scratch, at, outputs: [y = 0], attrs, specs}) => {
    const {activation, size, inputs, units} = attrs;
    if (activation === "elu") return false;
    const blocks = [at("weights"), at("rows"), 0, at("columnStarts")] as const;
    const sizes = [rowsOf(specs.x), inputs, units, size, 0] as const;
    return Boolean(
      native.blockProduct(at("x"), ...blocks, at("bias"), y, scratch, ...sizes, ACTIVATIONS[activation])
    );
  }) satisfies NativeKernel<BlockAttrs>,

  PetriBlockSparseLinearInputGrad: (({native, scratch, at, outputs: [dx = 0], attrs, specs}) => {
    const blocks = [at("weights"), at("columns"), at("byRow"), at("rowStarts")] as const;
    const sizes = [rowsOf(specs.dy), attrs.units, attrs.inputs, attrs.size, 1] as const;
    return Boolean(native.blockProduct(at("dy"), ...blocks, 0, dx, scratch, ...sizes, 0));
  }) satisfies NativeKernel<BlockAttrs>,

  PetriBlockSparseLinearWeightGrad: (({native, scratch, at, outputs: [dw = 0], attrs, specs}) => {
    const sizes = [rowsOf(specs.x), attrs.inputs, attrs.units, attrs.size, rowsOf(specs.rows)] as const;
    const blocks = [at("rows"), at("columns")] as const;
    return Boolean(native.blockWeightGrad(at("x"), at("dy"), ...blocks, dw, scratch, ...sizes));
  }) satisfies NativeKernel<BlockAttrs>,

  // Masks of floats scale weights, which no format of ours asks for: their twin does it.
  PetriMaskedLinear: (({native, scratch, at, outputs: [y = 0], attrs: {activation}, specs}) => {
    if (activation === "elu" || specs.mask?.dtype !== "int32") return false;
    const layer = [at("x"), at("weights"), at("mask"), at("bias")] as const;
    const sizes = [rowsOf(specs.x), rowsOf(specs.weights), widthOf(specs.weights)] as const;
    return Boolean(native.bitsProduct(...layer, y, scratch, ...sizes, ACTIVATIONS[activation]));
  }) satisfies NativeKernel<MaskedAttrs>,

  PetriMaskedLinearInputGrad: (({native, scratch, at, outputs: [dx = 0], specs}) => {
    if (specs.mask?.dtype !== "int32") return false;
    const sizes = [rowsOf(specs.dy), rowsOf(specs.weights), widthOf(specs.weights)] as const;
    return Boolean(native.bitsInputGrad(at("dy"), at("weights"), at("mask"), dx, scratch, ...sizes));
  }) satisfies NativeKernel<MaskedAttrs>,

  PetriMaskedLinearWeightGrad: (({native, scratch, at, outputs: [dw = 0], attrs, specs}) => {
    const [rows, inputs, units] = [rowsOf(specs.x), widthOf(specs.x), widthOf(specs.dy)];
    if (attrs.denseGradient) {
      native.matmul(at("x"), at("dy"), 0, dw, scratch, 1, inputs, units, rows, 1, 0, 0);
      return true;
    }
    if (specs.mask?.dtype !== "int32") return false;
    return Boolean(native.bitsWeightGrad(at("x"), at("dy"), at("mask"), dw, scratch, rows, inputs, units));
  }) satisfies NativeKernel<MaskedAttrs>
};
