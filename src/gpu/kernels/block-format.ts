import {defineKernel, type Values} from "../kernel.ts";
import {checkTensor, checkWhole, KernelError} from "../kernel-error.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** Sizes of blocks that the products are written for. */
const SIZES: readonly number[] = [4, 8, 16, 32];

/** Where the blocks of a matrix [inputs, units] are: block rows are groups of inputs, block columns of units. */
export interface BlockPattern {
  /** Rows and columns of a block: 4, 8, 16 or 32. */
  size: number;
  inputs: number;
  units: number;
  /** How many blocks are kept. They are numbered by block columns, and by block rows within one. */
  count: number;
  /** int32 [count]: the block row of each. */
  rows: tf.Tensor;
  /** int32 [count]: the block column of each. */
  columns: tf.Tensor;
  /** int32 [block columns + 1]: the first block of each block column. */
  columnStarts: tf.Tensor;
  /** int32 [count]: the blocks by block rows. */
  byRow: tf.Tensor;
  /** int32 [block rows + 1]: where each block row begins in `byRow`. */
  rowStarts: tf.Tensor;
  /** int32 [block rows, block columns]: the number of each block, -1 where none is kept. */
  numbers: tf.Tensor;
}

/**
 * Which blocks a matrix [inputs, units] keeps: `kept` has a number for every block, by block rows, that is 0 where there is none. The
 * caller frees it with tf.dispose. Throws KernelError for another size, where it does not divide the matrix, and where
 * nothing is kept.
 */
export function blockPattern(
  kept: ArrayLike<number>,
  {size, inputs, units}: {size: number; inputs: number; units: number}
): BlockPattern {
  if (!SIZES.includes(size)) throw new KernelError(`Blocks are 4, 8, 16 or 32 wide, got ${size}.`);
  checkWhole("The number of inputs", inputs, 1);
  checkWhole("The number of units", units, 1);
  if (inputs % size !== 0 || units % size !== 0)
    throw new KernelError(`Blocks of ${size} x ${size} do not divide weights [${inputs}, ${units}].`);
  const [high, wide] = [inputs / size, units / size];
  if (kept.length !== high * wide)
    throw new KernelError(`There are ${high} x ${wide} blocks in the weights, got ${kept.length} marks.`);
  const ids = new Int32Array(high * wide).fill(-1);
  const blocks: {row: number; column: number}[] = [];
  const columnStarts = [0];
  for (let column = 0; column < wide; ++column) {
    for (let row = 0; row < high; ++row)
      if (kept[row * wide + column]) ids[row * wide + column] = blocks.push({row, column}) - 1;
    columnStarts.push(blocks.length);
  }
  if (blocks.length === 0) throw new KernelError("A block-sparse layer needs at least one block.");
  const byRow: number[] = [];
  const rowStarts = [0];
  for (let row = 0; row < high; ++row) {
    byRow.push(...ids.subarray(row * wide, (row + 1) * wide).filter((id) => id >= 0));
    rowStarts.push(byRow.length);
  }
  const whole = (values: ArrayLike<number>) => tf.tensor1d(Int32Array.from(values), "int32");
  return {
    size,
    inputs,
    units,
    count: blocks.length,
    rows: whole(blocks.map(({row}) => row)),
    columns: whole(blocks.map(({column}) => column)),
    columnStarts: whole(columnStarts),
    byRow: whole(byRow),
    rowStarts: whole(rowStarts),
    numbers: tf.tensor2d(ids, [high, wide], "int32")
  };
}

interface BlockSizes {
  size: number;
  inputs: number;
  units: number;
  count: number;
}

const sizesOf = ({size, inputs, units, count}: BlockPattern): BlockSizes => ({size, inputs, units, count});

const pack = defineKernel<BlockSizes>({
  name: "PetriPackBlocks",
  inputs: ["weights", "rows", "columns"],
  outputs: (_specs, {count, size}) => [{shape: [count, size, size], dtype: "float32"}],
  twin({weights, rows, columns}, [values], {size, units}) {
    const [from, to] = [weights as Values, values as Values];
    for (let i = 0; i < to.length; ++i) {
      const block = Math.floor(i / (size * size));
      const row = ((rows as Values)[block] as number) * size + (Math.floor(i / size) % size);
      to[i] = from[row * units + ((columns as Values)[block] as number) * size + (i % size)] as number;
    }
  },
  gpu(_specs, {size, units, count}) {
    const total = count * size * size;
    return {
      variant: String(size),
      code: () =>
        flatMain(
          "args.size",
          `  let block = i / ${size * size}u;
  let row = u32(rows[block]) * ${size}u + i / ${size}u % ${size}u;
  out0[i] = weights[row * args.units + u32(columns[block]) * ${size}u + i % ${size}u];`
        ),
      uniforms: {size: {type: "u32", value: total}, units: {type: "u32", value: units}},
      workgroups: flatWorkgroups(total)
    };
  }
});

const unpack = defineKernel<BlockSizes>({
  name: "PetriUnpackBlocks",
  inputs: ["values", "numbers"],
  outputs: (_specs, {inputs, units}) => [{shape: [inputs, units], dtype: "float32"}],
  twin({values, numbers}, [weights], {size, units}) {
    const to = weights as Values;
    for (let i = 0; i < to.length; ++i) {
      const [row, column] = [Math.floor(i / units), i % units];
      const at = Math.floor(row / size) * (units / size) + Math.floor(column / size);
      const block = (numbers as Values)[at] as number;
      const place = block * size * size + (row % size) * size + (column % size);
      to[i] = block < 0 ? 0 : ((values as Values)[place] as number);
    }
  },
  gpu(_specs, {size, inputs, units}) {
    const total = inputs * units;
    return {
      variant: String(size),
      code: () =>
        flatMain(
          "args.size",
          `  let row = i / args.units;
  let column = i % args.units;
  let block = numbers[row / ${size}u * (args.units / ${size}u) + column / ${size}u];
  let place = u32(max(block, 0)) * ${size * size}u + row % ${size}u * ${size}u + column % ${size}u;
  out0[i] = select(0.0, values[place], block >= 0);`
        ),
      uniforms: {size: {type: "u32", value: total}, units: {type: "u32", value: units}},
      workgroups: flatWorkgroups(total)
    };
  }
});

/** The kept blocks of weights [inputs, units]: float32 [count, size, size]. One dispatch; no gradient. Throws KernelError for another shape. */
export function packBlocks(weights: tf.Tensor, pattern: BlockPattern): tf.Tensor {
  const {inputs, units, rows, columns} = pattern;
  checkTensor("The weights", weights, 2);
  if (weights.shape[0] !== inputs || weights.shape[1] !== units)
    throw new KernelError(
      `The blocks are of weights [${inputs}, ${units}], got [${weights.shape.join(", ")}].`
    );
  return pack({weights, rows, columns}, sizesOf(pattern))[0] as tf.Tensor;
}

/** All weights [inputs, units] of the kept blocks, zeros elsewhere. One dispatch; no gradient. Throws KernelError for another shape. */
export function unpackBlocks(values: tf.Tensor, pattern: BlockPattern): tf.Tensor {
  checkBlocks(values, pattern);
  return unpack({values, numbers: pattern.numbers}, sizesOf(pattern))[0] as tf.Tensor;
}

/** Throws unless the values are the blocks of the pattern. */
export function checkBlocks(values: tf.Tensor, {count, size}: BlockPattern): void {
  checkTensor("The blocks", values, 3);
  if (values.shape.join() !== [count, size, size].join())
    throw new KernelError(
      `The pattern has blocks [${count}, ${size}, ${size}], got [${values.shape.join(", ")}].`
    );
}
