import {defineKernel, type Values} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** Words of 32 bits in a row of a packed mask of so many columns; each row begins with a new one. */
export const wordsFor = (columns: number): number => Math.ceil(columns / 32);

const packKernel = defineKernel<{columns: number}>({
  name: "PetriPackMask",
  inputs: ["mask"],
  outputs: ({mask}, {columns}) => [{shape: [mask?.shape[0] ?? 0, wordsFor(columns)], dtype: "int32"}],
  twin({mask}, [words], {columns}) {
    const [from, to] = [mask, words] as [Values, Values];
    const width = wordsFor(columns);
    to.fill(0);
    for (let i = 0; i < from.length; ++i) {
      if (from[i] === 0) continue;
      const column = i % columns;
      const at = Math.floor(i / columns) * width + (column >> 5);
      to[at] = (to[at] as number) | (1 << (column & 31));
    }
  },
  gpu({mask}, {columns}) {
    const size = (mask?.shape[0] ?? 0) * wordsFor(columns);
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `  let row = i / args.width;
  let first = i % args.width * 32u;
  var bits = 0u;
  for (var j = 0u; j < min(32u, args.columns - first); j++) {
    if (mask[row * args.columns + first + j] != 0.0) { bits |= 1u << j; }
  }
  out0[i] = bitcast<i32>(bits);`
        ),
      uniforms: {
        size: {type: "u32", value: size},
        columns: {type: "u32", value: columns},
        width: {type: "u32", value: wordsFor(columns)}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

const unpackKernel = defineKernel<{columns: number}>({
  name: "PetriUnpackMask",
  inputs: ["words"],
  outputs: ({words}, {columns}) => [{shape: [words?.shape[0] ?? 0, columns], dtype: "float32"}],
  twin({words}, [mask], {columns}) {
    const [from, to] = [words, mask] as [Values, Values];
    const width = wordsFor(columns);
    for (let i = 0; i < to.length; ++i) {
      const column = i % columns;
      to[i] = ((from[Math.floor(i / columns) * width + (column >> 5)] as number) >>> (column & 31)) & 1;
    }
  },
  gpu({words}, {columns}) {
    const size = (words?.shape[0] ?? 0) * columns;
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.size",
          `  let column = i % args.columns;
  let word = bitcast<u32>(words[i / args.columns * args.width + column / 32u]);
  out0[i] = f32((word >> (column % 32u)) & 1u);`
        ),
      uniforms: {
        size: {type: "u32", value: size},
        columns: {type: "u32", value: columns},
        width: {type: "u32", value: wordsFor(columns)}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

/**
 * A mask [rows, columns] as bits, 1 where it is not 0: int32 [rows, ceil(columns / 32)], column c being bit c % 32 of word
 * c / 32 (the lowest bit first) and the bits past the end 0. One dispatch; no gradient. Throws KernelError for other tensors.
 */
export function packMask(mask: tf.Tensor): tf.Tensor {
  checkTensor("The mask", mask, 2);
  return packKernel({mask}, {columns: mask.shape[1] ?? 0})[0] as tf.Tensor;
}

/** The mask of zeros and ones, float32 [rows, columns], that packMask made into words. */
export function unpackMask(words: tf.Tensor, columns: number): tf.Tensor {
  checkTensor("The packed mask", words, 2, ["int32"]);
  if (words.shape[1] !== wordsFor(columns))
    throw new KernelError(
      `A packed mask of ${columns} columns has ${wordsFor(columns)} words a row, got [${words.shape.join(", ")}].`
    );
  return unpackKernel({words}, {columns})[0] as tf.Tensor;
}
