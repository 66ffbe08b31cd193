import {GROUPED_NAMES, KERNEL_GRADS, ROWS} from "../kernels/grouped-names.ts";
import type {GroupedGradAttrs} from "../kernels/grouped-product.ts";
import type {GroupedAttrs} from "../kernels/grouped-twin.ts";
import {rowsOf, widthOf} from "../kernels/matrix-sizes.ts";
import {ACTIVATIONS, type NativeKernel} from "./native-kernel.ts";

/** Slopes are applied before, see grouped-matmul.ts, and elu is left to the twin. */
const product: NativeKernel<GroupedAttrs> = ({native, scratch, at, outputs: [out = 0], attrs, specs}) => {
  const {activation, isTurned} = attrs;
  const [groups = 0, down = 0, across = 0] = specs.b?.shape ?? [];
  if (activation === "elu" || specs.y) return false;
  const operands = [at("a"), at("b"), at("bias"), at("offsets"), at("rows"), out, scratch] as const;
  const [inner, columns] = isTurned ? [across, down] : [down, across];
  const sizes = [rowsOf(specs.a), rowsOf(specs.rows ?? specs.a), inner, columns, groups] as const;
  native.groupedProduct(...operands, ...sizes, Number(isTurned), ACTIVATIONS[activation]);
};

const kernelGrads: NativeKernel<GroupedGradAttrs> = ({native, scratch, at, outputs, specs}) => {
  const [dw = 0, db = 0] = outputs;
  if (specs.y) return false;
  const operands = [at("a"), at("b"), at("offsets"), at("rows"), dw, db, scratch] as const;
  const sizes = [rowsOf(specs.a), rowsOf(specs.b), widthOf(specs.a), widthOf(specs.b)] as const;
  native.groupedKernelGrads(...operands, ...sizes, rowsOf(specs.offsets) - 1);
};

/** Products of rows with the matrices of their groups. */
export const groupedKernels = {
  ...Object.fromEntries([...GROUPED_NAMES, ROWS].map((name) => [name, product])),
  [KERNEL_GRADS]: kernelGrads
};
