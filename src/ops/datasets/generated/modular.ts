import {ArgumentError, checkCount} from "../../core/errors.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";

/** Residues up to which tables are made: p * p rows. */
const LARGEST_MODULUS = 2000;

const OPERATIONS = {
  add: {sign: "+", apply: (a: number, b: number, p: number) => (a + b) % p},
  subtract: {sign: "-", apply: (a: number, b: number, p: number) => (a - b + p) % p},
  multiply: {sign: "*", apply: (a: number, b: number, p: number) => (a * b) % p},
  divide: {sign: "/", apply: (a: number, b: number, p: number) => (a * power(b, p - 2, p)) % p}
};

export interface ModularOptions {
  /** The modulus, 97 by default; a prime for "divide". */
  p?: number;
  /** "add" by default, or a function of two residues. */
  operation?: keyof typeof OPERATIONS | ((a: number, b: number) => number);
  /**
   * "sequence" (the default): the tokens a, the operation (p), b, "=" (p + 1), to embed. "pair": a and b as numbers, to
   * embed. "one-hot": 2p numbers.
   */
  encoding?: "sequence" | "pair" | "one-hot";
}

/**
 * The whole table of a op b mod p, a row for each a and b (without b = 0 for "divide"); the class is the result. Power et
 * al. 2022, "Grokking". @throws ArgumentError
 *
 * @example
 * import {modular, split} from "petri/datasets";
 *
 * const {train: seen, test: unseen} = split(modular({p: 97, operation: "divide"}), {test: 0.5});
 * display({name: seen.name, rows: [seen.labels.length, unseen.labels.length], first: seen.inputs.subarray(0, 4)});
 */
export function modular(options: ModularOptions = {}): Dataset {
  const {p = 97, operation = "add", encoding = "sequence"} = options;
  checkCount("p", p, 2);
  if (p > LARGEST_MODULUS)
    throw new ArgumentError(`p is at most ${LARGEST_MODULUS}, got ${p}: the table has p * p rows.`);
  const known = typeof operation === "function" ? {sign: "o", apply: operation} : OPERATIONS[operation];
  if (!known)
    throw new ArgumentError(`operation must be ${Object.keys(OPERATIONS).join(", ")} or a function.`);
  if (operation === "divide" && !isPrime(p)) throw new ArgumentError(`"divide" needs a prime p, got ${p}.`);
  const encode = ENCODINGS[encoding];
  if (!encode)
    throw new ArgumentError(`encoding must be ${Object.keys(ENCODINGS).join(", ")}, got ${encoding}.`);
  const first = operation === "divide" ? 1 : 0;
  const width = encode(0, first, p).length;
  const rows = p * (p - first);
  checkSize("modular", rows, width);
  const inputs = new Float32Array(rows * width);
  const labels = new Int32Array(rows);
  for (let a = 0, row = 0; a < p; ++a) {
    for (let b = first; b < p; ++b, ++row) {
      inputs.set(encode(a, b, p), row * width);
      labels[row] = residue(known.apply(a, b, p), p);
    }
  }
  return {name: `a ${known.sign} b mod ${p}`, inputs, inputShape: [width], labels, classes: p};
}

const ENCODINGS: Record<
  NonNullable<ModularOptions["encoding"]>,
  (a: number, b: number, p: number) => ArrayLike<number>
> = {
  sequence: (a, b, p) => [a, p, b, p + 1],
  pair: (a, b) => [a, b],
  "one-hot": (a, b, p) => {
    const hot = new Float32Array(2 * p);
    hot[a] = 1;
    hot[p + b] = 1;
    return hot;
  }
};

function residue(value: number, p: number): number {
  if (Number.isSafeInteger(value)) return ((value % p) + p) % p;
  throw new ArgumentError(`operation must give whole numbers, got ${value}.`);
}

/** base^exponent mod p by squaring. */
function power(base: number, exponent: number, p: number): number {
  let result = 1;
  let square = base % p;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

function isPrime(p: number): boolean {
  for (let d = 2; d * d <= p; ++d) if (p % d === 0) return false;
  return true;
}
