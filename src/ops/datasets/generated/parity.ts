import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {type Chance, chooseKey} from "./chance.ts";

/** Bits up to which all rows are made when no number is asked for. */
const MOST_BITS_IN_FULL = 16;

export interface ParityOptions extends Chance {
  /** Bits a row, 8 by default. */
  bits?: number;
  /** How many of them count, drawn by the key (sparse parity); all by default. */
  relevant?: number;
  /** Rows drawn at random; by default every combination once, in the order of the binary numbers. */
  n?: number;
}

/**
 * Bits as -1 and 1, class 1 where the count of ones among the relevant bits (`relevant`, ascending) is odd. @throws ArgumentError
 *
 * @example
 * import {parity} from "petri/datasets";
 *
 * const {relevant, inputs, labels} = parity({bits: 30, relevant: 3, n: 1000});
 * display({relevant, first: inputs.subarray(0, 30), label: labels[0]});
 */
export function parity(options: ParityOptions = {}): Dataset & {relevant: number[]} {
  const {bits = 8, relevant: count = bits, n} = options;
  checkCount("bits", bits);
  checkCount("relevant", count);
  if (count > bits) throw new ArgumentError(`relevant is ${count}, and there are ${bits} bits.`);
  if (n === undefined && bits > MOST_BITS_IN_FULL) {
    throw new ArgumentError(`All combinations of ${bits} bits are too many: pass n, how many rows to draw.`);
  }
  const rows = n ?? 2 ** bits;
  checkCount("n", rows);
  checkSize("parity", rows, bits);
  const [rowKey, choiceKey] = chooseKey("parity", options).split(2) as [Key, Key];
  const relevant = Array.from(choiceKey.permutation(bits).subarray(0, count)).sort((a, b) => a - b);
  const words = n === undefined ? undefined : rowKey.bits(rows * bits);
  const bitAt = (row: number, bit: number) =>
    words ? (words[row * bits + bit] as number) >>> 31 : (row >>> (bits - 1 - bit)) & 1;
  const inputs = new Float32Array(rows * bits);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; ++row) {
    for (let bit = 0; bit < bits; ++bit) inputs[row * bits + bit] = 2 * bitAt(row, bit) - 1;
    labels[row] = relevant.reduce((odd, bit) => odd ^ bitAt(row, bit), 0);
  }
  return {name: "parity", inputs, inputShape: [bits], labels, classes: 2, relevant};
}
