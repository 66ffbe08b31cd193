import {defineKernel, type Specs, type Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";
import type {TensorSpec} from "../types.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

interface BatchAttrs {
  /** The shape of one row of the inputs, and of what is to be predicted for it. */
  inputShape: readonly number[];
  outcomeShape: readonly number[];
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, dim) => size * dim, 1);
const countOf = ({ids}: Specs) => ids?.shape[0] ?? 0;

const rowsKernel = defineKernel<BatchAttrs>({
  name: "PetriTakeBatch",
  inputs: ["inputs", "outcomes", "ids"],
  outputs: (specs, attrs) => batchSpecs(specs, attrs, specs.outcomes?.dtype ?? "int32"),
  twin({inputs, outcomes, ids}, [x, y], {inputShape, outcomeShape}) {
    const sizes = [sizeOf(inputShape), sizeOf(outcomeShape)];
    for (const [i, row] of (ids as Values).entries()) {
      for (const [j, [from, to]] of [
        [inputs, x],
        [outcomes, y]
      ].entries()) {
        const size = sizes[j] as number;
        (to as Values).set((from as Values).subarray(row * size, (row + 1) * size), i * size);
      }
    }
  },
  gpu(specs, attrs) {
    return batchKernel(
      specs,
      attrs,
      `  if (i < args.inputsSize) {
    out0[i] = inputs[u32(ids[i / args.inputSize]) * args.inputSize + i % args.inputSize];
  }
  if (i < args.outcomesSize) {
    out1[i] = outcomes[u32(ids[i / args.outcomeSize]) * args.outcomeSize + i % args.outcomeSize];
  }`
    );
  }
});

const windowsKernel = defineKernel<BatchAttrs & {stride: number}>({
  name: "PetriTakeWindows",
  inputs: ["tokens", "ids"],
  outputs: (specs, attrs) => batchSpecs(specs, attrs, "int32"),
  twin({tokens, ids}, [x, y], {inputShape, stride}) {
    const size = sizeOf(inputShape);
    for (const [i, row] of (ids as Values).entries()) {
      const start = row * stride;
      (x as Values).set((tokens as Values).subarray(start, start + size), i * size);
      (y as Values).set((tokens as Values).subarray(start + 1, start + 1 + size), i * size);
    }
  },
  gpu(specs, attrs) {
    const kernel = batchKernel(
      specs,
      attrs,
      `  let at = u32(ids[i / args.inputSize]) * args.stride + i % args.inputSize;
  out0[i] = f32(tokens[at]);
  out1[i] = tokens[at + 1u];`
    );
    return {...kernel, uniforms: {...kernel.uniforms, stride: {type: "u32", value: attrs.stride}}};
  }
});

function batchSpecs(
  specs: Specs,
  {inputShape, outcomeShape}: BatchAttrs,
  dtype: TensorSpec["dtype"]
): TensorSpec[] {
  const count = countOf(specs);
  return [
    {shape: [count, ...inputShape], dtype: "float32"},
    {shape: [count, ...outcomeShape], dtype}
  ];
}

function batchKernel(specs: Specs, {inputShape, outcomeShape}: BatchAttrs, body: string) {
  const count = countOf(specs);
  const [inputSize, outcomeSize] = [sizeOf(inputShape), sizeOf(outcomeShape)];
  const size = count * Math.max(inputSize, outcomeSize);
  const u32 = (value: number) => ({type: "u32", value}) as const;
  return {
    variant: "",
    code: () => flatMain("args.size", body),
    uniforms: {
      size: u32(size),
      inputSize: u32(inputSize),
      inputsSize: u32(count * inputSize),
      outcomeSize: u32(outcomeSize),
      outcomesSize: u32(count * outcomeSize)
    },
    workgroups: flatWorkgroups(size)
  };
}

/**
 * Rows of a dataset by number: inputs float32 [rows, ...inputShape], outcomes [rows, ...outcomeShape] of any type and ids
 * int32 [count] -> x [count, ...inputShape] and y [count, ...outcomeShape]. The numbers are not checked.
 */
export function takeBatch(
  inputs: tf.Tensor,
  outcomes: tf.Tensor,
  ids: tf.Tensor,
  attrs: BatchAttrs
): [x: tf.Tensor, y: tf.Tensor] {
  return rowsKernel({inputs, outcomes, ids}, attrs) as [tf.Tensor, tf.Tensor];
}

/**
 * Windows of a text by number: tokens int32 [length], ids int32 [count] -> x float32 [count, window], which begins at id x
 * stride, and y int32 [count, window], one token further. The numbers are not checked.
 */
export function takeWindows(
  tokens: tf.Tensor,
  ids: tf.Tensor,
  attrs: BatchAttrs & {stride: number}
): [x: tf.Tensor, y: tf.Tensor] {
  return windowsKernel({tokens, ids}, attrs) as [tf.Tensor, tf.Tensor];
}
