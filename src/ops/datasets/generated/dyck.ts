// Dyck languages: well-nested sequences of k kinds of brackets.
import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkChoice, checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {type Chance, chooseKey} from "./chance.ts";

const BRACKETS = ["()", "[]", "{}", "<>"];

export interface DyckOptions extends Chance {
  /** Rows, 1000 by default. */
  n?: number;
  /** Brackets in a row, an even number; 16 by default. */
  length?: number;
  /** Kinds of brackets, 1 to 4; 2 by default. */
  kinds?: number;
  /** How deep brackets may be nested; as deep as the length allows by default. */
  depth?: number;
  /**
   * "validity" (the default): rows are valid and not in turn, class 1 for valid. "next": all rows are valid, begin with a start
   * token, and every position is to tell the bracket that comes next.
   */
  task?: "validity" | "next";
}

/**
 * Bracket sequences as tokens: kind k opens with 2k and closes with 2k + 1, and the last token is the start. The valid ones are
 * drawn evenly from all of that length and depth; one that is not valid differs from such in one or two places.
 * @throws ArgumentError
 *
 * @example
 * import {dyck, gatherRows} from "petri/datasets";
 *
 * const data = dyck({n: 6, length: 10, kinds: 2, seed: 1});
 * const rows = d3.range(6).map((row) => {
 *   const {inputs, labels} = gatherRows(data, [row]);
 *   return {word: Array.from(inputs, (token) => data.vocabulary[token]).join(" "), balanced: labels[0]};
 * });
 * display(Inputs.table(rows));
 */
export function dyck(options: DyckOptions = {}): Dataset & {vocabulary: string[]} {
  const {n = 1000, length = 16, kinds = 2, depth = length / 2, task = "validity"} = options;
  checkCount("n", n);
  checkCount("length", length, 2);
  checkCount("kinds", kinds);
  if (length % 2 === 1 || kinds > BRACKETS.length) {
    throw new ArgumentError(
      `dyck needs an even length and 1 to ${BRACKETS.length} kinds, got ${length} and ${kinds}.`
    );
  }
  checkCount("depth", depth);
  checkChoice("task", task, ["validity", "next"]);
  checkSize("dyck", n, 2 * length);
  checkSize("the table of continuations", length + 1, 2 * (Math.min(depth, length / 2) + 1));
  const key = chooseKey("dyck", options);
  const draw = sampler(length, kinds, Math.min(depth, length / 2));
  const rows = Array.from({length: n}, (_, i) => draw(key.fold(i).uniform(2 * length)));
  const vocabulary = [...BRACKETS.slice(0, kinds).join(""), "^"];
  if (task === "next") return nextTokens(rows, length, vocabulary);
  rows.forEach((row, i) => {
    if (i % 2 === 1) spoil(row, key.fold(n + i), kinds);
  });
  return {
    name: "dyck (validity)",
    inputs: Float32Array.from(rows.flatMap((row) => Array.from(row))),
    inputShape: [length],
    labels: Int32Array.from(rows, (_, i) => 1 - (i % 2)),
    classes: ["invalid", "valid"],
    vocabulary
  };
}

/** Whether brackets (numbered as in dyck) close in the order in which they opened, all of them. */
export function isBalanced(tokens: ArrayLike<number>): boolean {
  const open: number[] = [];
  for (let i = 0; i < tokens.length; ++i) {
    const token = tokens[i] as number;
    if (token % 2 === 0) open.push(token);
    else if (open.pop() !== token - 1) return false;
  }
  return open.length === 0;
}

function nextTokens(rows: readonly Int32Array[], length: number, vocabulary: string[]) {
  const inputs = new Float32Array(rows.length * length);
  const labels = new Int32Array(rows.length * length);
  rows.forEach((row, i) => {
    inputs[i * length] = vocabulary.length - 1;
    inputs.set(row.subarray(0, length - 1), i * length + 1);
    labels.set(row, i * length);
  });
  const shape = [length];
  return {
    name: "dyck (next)",
    inputs,
    inputShape: shape,
    labels,
    labelShape: shape,
    classes: vocabulary,
    vocabulary
  };
}

/** Draws evenly among the sequences of this length and depth, from two uniform numbers a position. */
function sampler(length: number, kinds: number, deepest: number): (draws: Float32Array) => Int32Array {
  const ways = continuations(length, deepest);
  return (draws) => {
    const row = new Int32Array(length);
    const open: number[] = [];
    for (let i = 0; i < length; ++i) {
      const rest = ways[length - i - 1] as Float64Array;
      const opening = rest[open.length + 1] ?? 0;
      const closing = open.length > 0 ? (rest[open.length - 1] as number) : 0;
      const opens = (draws[2 * i] as number) * (opening + closing) < opening;
      const kind = opens ? Math.floor((draws[2 * i + 1] as number) * kinds) : (open.pop() as number);
      if (opens) open.push(kind);
      row[i] = 2 * kind + (opens ? 0 : 1);
    }
    return row;
  };
}

/** continuations[left][depth]: in how many ways `left` more brackets of one kind can end at depth 0 (rescaled by powers of 2). */
function continuations(length: number, deepest: number): Float64Array[] {
  const first = new Float64Array(deepest + 1);
  first[0] = 1;
  const ways = [first];
  for (let left = 1; left <= length; ++left) {
    const before = ways[left - 1] as Float64Array;
    const next = first.map((_, depth) => (before[depth + 1] ?? 0) + (before[depth - 1] ?? 0));
    // By a power of two: each row keeps its proportions exactly, and no length overflows or, where few depths are left, vanishes.
    const scale = 2 ** -Math.floor(Math.log2(next.reduce((most, each) => Math.max(most, each))));
    ways.push(next.map((each) => each * scale));
  }
  return ways;
}

/** Makes a valid sequence invalid: one bracket becomes another, or two change places. */
function spoil(row: Int32Array, key: Key, kinds: number): void {
  const draws = key.uniform(3);
  const [where = 0, what = 0, other = 0] = draws;
  const at = Math.floor(where * row.length);
  const valid = row[at] as number;
  if (what < 0.5) {
    row[at] = (valid + 1 + Math.floor(other * (2 * kinds - 1))) % (2 * kinds);
    return;
  }
  const partner = Math.floor(other * row.length);
  row[at] = row[partner] as number;
  row[partner] = valid;
  // Equal brackets, or a swap that leaves it valid: turn one round, which never does.
  if (isBalanced(row)) row[at] = (row[at] as number) ^ 1;
}
