// The forms in which a pruned kernel [inputs, units] is kept: what runs it, and what of it lies in a file.
import {packMask} from "../../../gpu/kernels/bit-mask.ts";
import {blockPattern, packBlocks} from "../../../gpu/kernels/block-format.ts";
import {blockSparseLinear} from "../../../gpu/kernels/block-sparse-linear.ts";
import {csrPattern} from "../../../gpu/kernels/csr-format.ts";
import {csrLinear} from "../../../gpu/kernels/csr-linear.ts";
import {maskedLinear} from "../../../gpu/kernels/masked-linear.ts";
import {compressNm} from "../../../gpu/kernels/nm-format.ts";
import {nmLinear} from "../../../gpu/kernels/nm-linear.ts";
import {ArgumentError} from "../../core/errors.ts";
import type {LinearProduct} from "../../core/layer.ts";
import type {StoredTensor} from "../../core/safetensors.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/** How pruned kernels are kept: n of m weights, square blocks, a bit a weight, or single weights. */
export type SparseFormat = "nm" | "block" | "bits" | "csr";

/** What a format has to be told. */
export interface FormatOptions {
  /** nm: so many weights of every m inputs of a unit, 2 of 4 by default. */
  n?: number;
  m?: number;
  /** block: rows and columns of a block, 4, 8, 16 or 32; 8 by default. */
  size?: number;
}

/** A kernel and which of its weights are kept. */
export interface PrunedKernel extends Required<FormatOptions> {
  path: string;
  inputs: number;
  units: number;
  /** [inputs, units], 0 where pruned. */
  values: Float32Array;
  marks: ArrayLike<number>;
}

/** A kernel in its form. */
export interface KeptKernel {
  /** What is trained. */
  kernel: Tensor;
  product: LinearProduct;
  /** Tensors that say where the weights belong. */
  structure: Tensor[];
  /** What lies in a file when the trained tensor has these values. */
  parts(kernel: Float32Array): Promise<Record<string, StoredTensor>>;
}

interface Format {
  keep(pruned: PrunedKernel): KeptKernel;
  /** The weights and marks of what lies in a file, into a kernel of zeros. */
  read(parts: Readonly<Record<string, StoredTensor>>, into: PrunedKernel & {marks: Uint8Array}): void;
}

const stored = (
  dtype: string,
  values: Float32Array | Int32Array | Uint16Array | Uint8Array
): StoredTensor => ({
  dtype,
  shape: [values.length],
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
});

/** Copies: what lies in a file need not be aligned. */
const floats = (part: StoredTensor | undefined) =>
  new Float32Array((part as StoredTensor).bytes.slice().buffer);
const wholes = (part: StoredTensor | undefined) =>
  new Int32Array((part as StoredTensor).bytes.slice().buffer);

/** Marks as bits, the lowest first. */
function packed(marks: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(marks.length / 8));
  for (let i = 0; i < marks.length; ++i)
    if (marks[i]) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7));
  return bytes;
}

const bitOf = (bytes: Uint8Array, i: number) => ((bytes[i >> 3] as number) >> (i & 7)) & 1;

/** Which weights are kept, in order. */
const keptPlaces = (marks: ArrayLike<number>) =>
  Int32Array.from(Array.from(marks).flatMap((mark, i) => (mark ? [i] : [])));

const kernelTensor = ({values, inputs, units}: PrunedKernel) => tf.tensor2d(values, [inputs, units]);

const bits: Format = {
  keep(pruned) {
    const {inputs, units, marks} = pruned;
    const mask = tidy(() => packMask(tf.tensor2d(Float32Array.from(marks), [inputs, units])));
    const places = keptPlaces(marks);
    return {
      kernel: kernelTensor(pruned),
      product: ({x, kernel, bias, activation}) => maskedLinear({x, weights: kernel, mask, bias, activation}),
      structure: [mask],
      parts: async (kernel) => ({
        values: stored(
          "F32",
          Float32Array.from(places, (at) => kernel[at] as number)
        ),
        mask: stored("U8", packed(marks))
      })
    };
  },
  read({values, mask}, {values: to, marks}) {
    const from = floats(values);
    let next = 0;
    for (let i = 0; i < to.length; ++i) {
      if (!bitOf((mask as StoredTensor).bytes, i)) continue;
      marks[i] = 1;
      to[i] = from[next++] as number;
    }
  }
};

const csr: Format = {
  keep({inputs, units, marks, values}) {
    const pattern = csrPattern(marks, {inputs, units});
    const {rows, columns, rowStarts, byUnit, unitStarts} = pattern;
    const places = keptPlaces(marks);
    return {
      kernel: tf.tensor1d(Float32Array.from(places, (at) => values[at] as number)),
      product: ({x, kernel, bias, activation}) => csrLinear({x, weights: kernel, pattern, bias, activation}),
      structure: [rows, columns, rowStarts, byUnit, unitStarts],
      parts: async (kernel) => {
        const isShort = units <= 2 ** 16;
        const unitOf = (await columns.data()) as Int32Array;
        return {
          values: stored("F32", kernel),
          columns: isShort ? stored("U16", Uint16Array.from(unitOf)) : stored("I32", unitOf),
          rowStarts: stored("I32", (await rowStarts.data()) as Int32Array)
        };
      }
    };
  },
  read({values, columns, rowStarts}, {values: to, marks, units}) {
    const [from, starts] = [floats(values), wholes(rowStarts)];
    const isShort = columns?.dtype === "U16";
    const unitOf = isShort
      ? new Uint16Array((columns as StoredTensor).bytes.slice().buffer)
      : wholes(columns);
    for (let row = 0; row + 1 < starts.length; ++row)
      for (let k = starts[row] as number; k < (starts[row + 1] as number); ++k) {
        const at = row * units + (unitOf[k] as number);
        marks[at] = 1;
        to[at] = from[k] as number;
      }
  }
};

const nm: Format = {
  keep(pruned) {
    const {path, inputs, units, marks, n, m} = pruned;
    for (let first = 0; first < inputs; first += m)
      for (let unit = 0; unit < units; ++unit) {
        let count = 0;
        for (let i = first; i < first + m; ++i) count += marks[i * units + unit] ? 1 : 0;
        if (count === n) continue;
        throw new ArgumentError(
          `${path} keeps ${count} of inputs ${first} to ${first + m - 1} of unit ${unit}, not ${n} of ${m}: prune it with {granularity: granularity.nByM(${n}, ${m})}, or pass n and m.`
        );
      }
    // Of the marks: a kept weight may be zero.
    const places = tidy(
      () => compressNm(tf.tensor2d(Float32Array.from(marks), [inputs, units]), {n, m}).places
    );
    const at = valuePlaces(marks, {inputs, units, n, m});
    return {
      kernel: tf.tensor2d(
        Float32Array.from(at, (place) => pruned.values[place] as number),
        [(inputs / m) * n, units]
      ),
      product: ({x, kernel, bias, activation}) =>
        nmLinear({x, weights: {n, m, places, values: kernel}, bias, activation}),
      structure: [places],
      parts: async (kernel) => ({
        values: stored("F32", kernel),
        places: stored("I32", (await places.data()) as Int32Array)
      })
    };
  },
  read({values, places}, {values: to, marks, units, n, m}) {
    const [from, words] = [floats(values), wholes(places)];
    const bitsOfPlace = m <= 4 ? 2 : 4;
    const each = 32 / bitsOfPlace;
    const width = Math.ceil(units / each);
    from.forEach((value, i) => {
      const [row, unit] = [Math.floor(i / units), i % units];
      const word = words[row * width + Math.floor(unit / each)] as number;
      const place = (word >>> ((unit % each) * bitsOfPlace)) & (2 ** bitsOfPlace - 1);
      const at = (Math.floor(row / n) * m + place) * units + unit;
      marks[at] = 1;
      to[at] = value;
    });
  }
};

/** For every value [inputs / m * n, units], where it stands in the kernel. */
function valuePlaces(
  marks: ArrayLike<number>,
  {inputs, units, n, m}: {inputs: number; units: number; n: number; m: number}
): Int32Array {
  const places = new Int32Array((inputs / m) * n * units);
  for (let unit = 0; unit < units; ++unit) {
    let row = 0;
    for (let i = 0; i < inputs; ++i)
      if (marks[i * units + unit]) places[row++ * units + unit] = i * units + unit;
  }
  return places;
}

const block: Format = {
  keep(pruned) {
    const {path, inputs, units, size} = pruned;
    const kept = blockMarks(pruned);
    const pattern = blockPattern(kept, {size, inputs, units});
    const {rows, columns, columnStarts, byRow, rowStarts, numbers} = pattern;
    if (pattern.count * size * size !== keptPlaces(pruned.marks).length)
      throw new ArgumentError(
        `${path} keeps parts of blocks of ${size} x ${size}: prune it with {granularity: granularity.block([${size}, ${size}])}, or pass another size.`
      );
    return {
      kernel: tidy(() => packBlocks(kernelTensor(pruned), pattern)),
      product: ({x, kernel, bias, activation}) =>
        blockSparseLinear({x, weights: kernel, pattern, bias, activation}),
      structure: [rows, columns, columnStarts, byRow, rowStarts, numbers],
      parts: async (kernel) => ({values: stored("F32", kernel), blocks: stored("U8", packed(kept))})
    };
  },
  read({values, blocks}, {values: to, marks, inputs, units, size}) {
    const from = floats(values);
    const [high, wide] = [inputs / size, units / size];
    let next = 0;
    for (let column = 0; column < wide; ++column)
      for (let row = 0; row < high; ++row) {
        if (!bitOf((blocks as StoredTensor).bytes, row * wide + column)) continue;
        for (let i = 0; i < size * size; ++i) {
          const at = (row * size + Math.floor(i / size)) * units + column * size + (i % size);
          marks[at] = 1;
          to[at] = from[next++] as number;
        }
      }
  }
};

/** 1 for every block that keeps something, by block rows. Blocks at an edge that size does not divide are left to `blockPattern`, which refuses them. */
function blockMarks({marks, inputs, units, size}: PrunedKernel): Uint8Array {
  const wide = Math.ceil(units / size);
  const kept = new Uint8Array(Math.ceil(inputs / size) * wide);
  for (let i = 0; i < marks.length; ++i)
    if (marks[i]) kept[Math.floor(Math.floor(i / units) / size) * wide + Math.floor((i % units) / size)] = 1;
  return kept;
}

/** The formats by name. */
export const FORMATS: Readonly<Record<SparseFormat, Format>> = {nm, block, bits, csr};
