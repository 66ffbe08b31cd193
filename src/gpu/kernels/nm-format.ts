import {defineKernel, type Values} from "../kernel.ts";
import {checkTensor, checkWhole, KernelError} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";

/** N of every M inputs of a unit have weights. */
export interface Pattern {
  n: number;
  m: number;
}

/** Weights with n of m kept. */
export interface NmWeights extends Pattern {
  /** float32 [in / m * n, units]: what is kept of each group of m inputs, in order. */
  values: tf.Tensor;
  /**
   * int32 [in / m * n, ceil(units / (32 / bits))]: the place of each value in its group, two bits each up to m = 4 and four
   * beyond, the lowest bits first.
   */
  places: tf.Tensor;
}

/** Places have four bits at most. */
const MOST = 16;

/** Bits of a place in a group. */
export const placeBits = ({m}: Pattern): number => (m <= 4 ? 2 : 4);

/** Places in a word. */
const perWord = (pattern: Pattern) => 32 / placeBits(pattern);

/** Words in a row of places of so many units. */
export const placeWords = (units: number, pattern: Pattern): number => Math.ceil(units / perWord(pattern));

/** WGSL: the place of value `row` of unit `unit`. */
export const wgslPlace = (pattern: Pattern) => `fn place_at(row: u32, unit: u32) -> u32 {
  let word = bitcast<u32>(places[row * args.words + unit / ${perWord(pattern)}u]);
  return (word >> (unit % ${perWord(pattern)}u * ${placeBits(pattern)}u)) & ${2 ** placeBits(pattern) - 1}u;
}
`;

/** The same in JavaScript. */
export function placeReader(places: Values, units: number, pattern: Pattern) {
  const [bits, each] = [placeBits(pattern), perWord(pattern)];
  const width = placeWords(units, pattern);
  return (row: number, unit: number) =>
    ((places[row * width + Math.floor(unit / each)] as number) >>> ((unit % each) * bits)) & (2 ** bits - 1);
}

const compress = defineKernel<Pattern>({
  name: "PetriCompressNm",
  inputs: ["weights"],
  outputs({weights}, {n, m}) {
    const rows = (rowsOf(weights) / m) * n;
    return [
      {shape: [rows, widthOf(weights)], dtype: "float32"},
      {shape: [rows, placeWords(widthOf(weights), {n, m})], dtype: "int32"}
    ];
  },
  twin({weights}, [values, places], {n, m}, specs) {
    const [from, to, words] = [weights, values, places] as [Values, Values, Values];
    const units = widthOf(specs.weights);
    const [bits, each, width] = [placeBits({n, m}), perWord({n, m}), placeWords(units, {n, m})];
    words.fill(0);
    for (let group = 0; group < rowsOf(specs.weights) / m; ++group)
      for (let unit = 0; unit < units; ++unit) {
        const at = (place: number) => (group * m + place) * units + unit;
        let next = group * n;
        for (let place = 0; place < m; ++place) {
          const height = (other: number) => heightOf(from[at(other)] as number);
          let above = 0;
          for (let other = 0; other < m; ++other)
            if (height(other) > height(place) || (height(other) === height(place) && other < place)) ++above;
          if (above >= n) continue;
          to[next * units + unit] = from[at(place)] as number;
          const word = next * width + Math.floor(unit / each);
          words[word] = (words[word] as number) | (place << ((unit % each) * bits));
          ++next;
        }
      }
  },
  gpu({weights}, {n, m}) {
    const units = widthOf(weights);
    const size = (rowsOf(weights) / m) * placeWords(units, {n, m});
    return {
      variant: `${n}:${m}`,
      code: () => compressCode({n, m}),
      uniforms: {
        size: {type: "u32", value: size},
        units: {type: "u32", value: units},
        words: {type: "u32", value: placeWords(units, {n, m})}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

/** What is compared; what is no number is below 0. */
const heightOf = (weight: number) => (Number.isNaN(weight) ? -1 : Math.abs(weight));

/** A thread makes one word of places for each value of a group. */
function compressCode(pattern: Pattern): string {
  const {n, m} = pattern;
  const each = perWord(pattern);
  return `fn height(at: u32) -> u32 {
  let magnitude = bitcast<u32>(weights[at]) & 0x7fffffffu;
  return select(magnitude + 1u, 0u, magnitude > 0x7f800000u);
}
fn kept_of(first: u32) -> u32 {
  var bits = 0u;
  for (var p = 0u; p < ${m}u; p++) {
    let own = height(first + p * args.units);
    var above = 0u;
    for (var q = 0u; q < ${m}u; q++) {
      let other = height(first + q * args.units);
      if (other > own || (other == own && q < p)) { above++; }
    }
    if (above < ${n}u) { bits |= 1u << p; }
  }
  return bits;
}
${flatMain(
  "args.size",
  `  let part = i / args.words;
  let first = i % args.words * ${each}u;
  let count = min(${each}u, args.units - first);
  var made: array<u32, ${n}>;
  for (var j = 0u; j < count; j++) {
    let at = part * ${m}u * args.units + first + j;
    var bits = kept_of(at);
    for (var v = 0u; v < ${n}u; v++) {
      let p = firstTrailingBit(bits);
      bits &= bits - 1u;
      made[v] |= p << (j * ${placeBits(pattern)}u);
      out0[(part * ${n}u + v) * args.units + first + j] = weights[at + p * args.units];
    }
  }
  for (var v = 0u; v < ${n}u; v++) { out1[(part * ${n}u + v) * args.words + i % args.words] = bitcast<i32>(made[v]); }`
)}`;
}

const expand = defineKernel<Pattern>({
  name: "PetriExpandNm",
  inputs: ["values", "places"],
  outputs: ({values}, {n, m}) => [{shape: [(rowsOf(values) / n) * m, widthOf(values)], dtype: "float32"}],
  twin({values, places}, [weights], pattern, specs) {
    const [from, to] = [values as Values, weights as Values];
    const units = widthOf(specs.values);
    const placeOf = placeReader(places as Values, units, pattern);
    to.fill(0);
    for (let i = 0; i < from.length; ++i) {
      const [row, unit] = [Math.floor(i / units), i % units];
      const input = Math.floor(row / pattern.n) * pattern.m + placeOf(row, unit);
      to[input * units + unit] = from[i] as number;
    }
  },
  gpu({values}, pattern) {
    const {n, m} = pattern;
    const units = widthOf(values);
    const size = (rowsOf(values) / n) * m * units;
    return {
      variant: `${n}:${m}`,
      code: () =>
        wgslPlace(pattern) +
        flatMain(
          "args.size",
          `  let input = i / args.units;
  let unit = i % args.units;
  var weight = 0.0;
  for (var v = 0u; v < ${n}u; v++) {
    let row = input / ${m}u * ${n}u + v;
    if (place_at(row, unit) == input % ${m}u) { weight = values[row * args.units + unit]; }
  }
  out0[i] = weight;`
        ),
      uniforms: {
        size: {type: "u32", value: size},
        units: {type: "u32", value: units},
        words: {type: "u32", value: placeWords(units, pattern)}
      },
      workgroups: flatWorkgroups(size)
    };
  }
});

/** Throws unless n of m is a pattern that can be stored. */
export function checkPattern({n, m}: Pattern): void {
  checkWhole("m", m, 1, MOST);
  checkWhole("n", n, 1, m);
}

/**
 * Keeps the n weights of largest magnitude out of every m successive inputs of each unit, the earlier of equal ones and what is no number last: weights
 * [in, units], m up to 16. One dispatch on webgpu; no gradient. Throws KernelError where m does not divide the inputs.
 */
export function compressNm(weights: tf.Tensor, pattern: Pattern): NmWeights {
  const {n, m} = pattern;
  checkTensor("The weights", weights, 2);
  checkPattern(pattern);
  const [inputs = 0, units = 0] = weights.shape;
  if (inputs % m !== 0)
    throw new KernelError(
      `${n}:${m} weights need a number of inputs that ${m} divides, got [${inputs}, ${units}].`
    );
  const [values, places] = compress({weights}, {n, m});
  return {n, m, values: values as tf.Tensor, places: places as tf.Tensor};
}

/** All weights [in, units] of those kept, zeros where there is none. One dispatch; no gradient. */
export function expandNm({n, m, values, places}: NmWeights): tf.Tensor {
  checkPattern({n, m});
  return expand({values, places}, {n, m})[0] as tf.Tensor;
}
