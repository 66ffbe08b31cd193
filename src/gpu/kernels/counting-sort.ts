import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {checkTensor, checkWhole} from "../kernel-error.ts";
import * as tf from "../tfjs.ts";
import {chunksOf, THREADS, wgslChunkMain, wgslScanThreads} from "./chunks.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** Keys are sorted by eight bits at a time, the lowest first. */
const DIGIT_BITS = 8;
const DIGITS = 1 << DIGIT_BITS;
/** More bins than these take more passes than 24 bits. */
const MOST_BINS = 2 ** 24 - 1;

interface PassAttrs {
  bins: number;
  /** Bits below the digit of this pass. */
  shift: number;
  /** How many neighbouring elements share a row; without it nobody asks for rows. */
  share?: number | undefined;
}

const sizeOf = ({keys}: Specs) => keys?.shape[0] ?? 0;
const chunksFor = (specs: Specs) => chunksOf(sizeOf(specs), THREADS, THREADS);
const isOnly = ({bins}: PassAttrs) => bins < DIGITS;
/** What rows are asked for is made in the last pass. */
const hasRows = ({bins, shift, share}: PassAttrs) =>
  share !== undefined && bins >> (shift + DIGIT_BITS) === 0;

const uniformsOf = (specs: Specs, {bins, shift, share = 1}: PassAttrs) => {
  const {length, count} = chunksFor(specs);
  return {
    size: {type: "u32", value: sizeOf(specs)},
    length: {type: "u32", value: length},
    chunks: {type: "u32", value: count},
    bins: {type: "u32", value: bins},
    shift: {type: "u32", value: shift},
    share: {type: "u32", value: share}
  } as const;
};

/** WGSL: which element an earlier pass has put at i, and the bin of an element; as a negative number is huge, one that is none comes last. */
const wgslKey = ({order}: Specs) => `fn element(i: u32) -> u32 { return ${order ? "u32(order[i])" : "i"}; }
fn bin(element: u32) -> u32 { return min(u32(keys[element]), args.bins); }
fn digit(element: u32) -> u32 { return (bin(element) >> args.shift) & ${DIGITS - 1}u; }
`;

/** The same in JavaScript: the digit of the element at i. */
function digitsOf({keys, order}: Readonly<Record<string, Values>>, {bins, shift}: PassAttrs) {
  const all = keys as Values;
  return (i: number) => {
    const key = all[order ? (order[i] as number) : i] as number;
    return ((key < 0 || key > bins ? bins : key) >>> shift) & (DIGITS - 1);
  };
}

/** How often each digit occurs in each chunk: [chunks x digits]. */
const countDigits = defineKernel<PassAttrs>({
  name: "PetriDigitCounts",
  inputs: ["keys", "order"],
  outputs: (specs) => [{shape: [chunksFor(specs).count * DIGITS], dtype: "int32"}],
  twin(inputs, [counts], attrs, specs) {
    const to = counts as Values;
    const digit = digitsOf(inputs, attrs);
    const {length} = chunksFor(specs);
    to.fill(0);
    for (let i = 0; i < sizeOf(specs); ++i) {
      const at = Math.floor(i / length) * DIGITS + digit(i);
      to[at] = (to[at] as number) + 1;
    }
  },
  gpu(specs, attrs) {
    return {
      variant: specs.order ? "again" : "first",
      code: () => `${wgslKey(specs)}
var<workgroup> found: array<atomic<u32>, ${DIGITS}>;

${wgslChunkMain}
  let end = min((group + 1u) * args.length, args.size);
  for (var i = group * args.length + thread; i < end; i += ${THREADS}u) {
    atomicAdd(&found[digit(element(i))], 1u);
  }
  workgroupBarrier();
  out0[group * ${DIGITS}u + thread] = i32(atomicLoad(&found[thread]));
}`,
      uniforms: uniformsOf(specs, attrs),
      workgroups: [chunksFor(specs).count, 1, 1]
    };
  }
});

/**
 * Puts each element behind those with a smaller digit and the earlier ones with the same. Outputs the order, its inverse, where
 * one pass is all the first place of each bin, and, if they are asked for, the rows of the elements in order; elements of no bin have no place then.
 */
const placeDigits = defineKernel<PassAttrs>({
  name: "PetriDigitPlaces",
  inputs: ["keys", "order", "counts"],
  outputs(specs, attrs) {
    const each = {shape: [sizeOf(specs)], dtype: "int32"} as const;
    const offsets = {shape: [attrs.bins + 1], dtype: "int32"} as const;
    return [each, each, ...(isOnly(attrs) ? [offsets] : []), ...(hasRows(attrs) ? [each] : [])];
  },
  twin(inputs, [order, places, ...others], attrs, specs) {
    const offsets = isOnly(attrs) ? others[0] : undefined;
    const rows = hasRows(attrs) ? others.at(-1) : undefined;
    const isDropped = (element: number) => {
      const key = (inputs.keys as Values)[element] as number;
      return key < 0 || key >= attrs.bins;
    };
    const {order: earlier, counts} = inputs;
    const digit = digitsOf(inputs, attrs);
    const next = new Int32Array(DIGITS + 1);
    (counts as Values).forEach((count, i) => {
      next[(i % DIGITS) + 1] = (next[(i % DIGITS) + 1] as number) + count;
    });
    for (let d = 1; d <= DIGITS; ++d) next[d] = (next[d] as number) + (next[d - 1] as number);
    offsets?.set(next.subarray(0, offsets.length));
    for (let i = 0; i < sizeOf(specs); ++i) {
      const d = digit(i);
      const at = next[d] as number;
      const element = earlier ? (earlier[i] as number) : i;
      next[d] = at + 1;
      (order as Values)[at] = element;
      (places as Values)[element] = rows && isDropped(element) ? -1 : at;
      if (rows) rows[at] = Math.floor(element / (attrs.share ?? 1));
    }
  },
  gpu(specs, attrs) {
    return {
      variant: `${specs.order ? "again" : "first"} ${isOnly(attrs) ? "only" : ""} ${hasRows(attrs) ? "rows" : ""}`,
      code: () => placesCode(specs, attrs),
      uniforms: uniformsOf(specs, attrs),
      workgroups: [chunksFor(specs).count, 1, 1]
    };
  }
});

/** A thread's rank among those of its digit is a count of bits: every digit has a bit for each thread of the workgroup. */
const WORDS = THREADS / 32;

function placesCode(specs: Specs, attrs: PassAttrs): string {
  return `${wgslScanThreads("u32")}${wgslKey(specs)}
var<workgroup> next: array<u32, ${DIGITS}>;
var<workgroup> present: array<atomic<u32>, ${DIGITS * WORDS}>;

${wgslChunkMain}
  var earlier = 0u;
  var all = 0u;
  for (var c = 0u; c < args.chunks; c++) {
    let count = u32(counts[c * ${DIGITS}u + thread]);
    if (c < group) { earlier += count; }
    all += count;
  }
  let first = scan_threads(thread, all);
  ${isOnly(attrs) ? "if (group == 0u && thread <= args.bins) { out2[thread] = i32(first); }" : ""}
  next[thread] = first + earlier;
  let end = min((group + 1u) * args.length, args.size);
  for (var start = group * args.length; start < end; start += ${THREADS}u) {
    let i = start + thread;
    let isHere = i < end;
    var own = 0u;
    var d = 0u;
    if (isHere) {
      own = element(i);
      d = digit(own);
      atomicOr(&present[d * ${WORDS}u + thread / 32u], 1u << (thread % 32u));
    }
    workgroupBarrier();
    var rank = 0u;
    var count = 0u;
    if (isHere) {
      for (var w = 0u; w < ${WORDS}u; w++) {
        let bits = atomicLoad(&present[d * ${WORDS}u + w]);
        count += countOneBits(bits);
        if (w < thread / 32u) { rank += countOneBits(bits); }
        if (w == thread / 32u) { rank += countOneBits(bits & ((1u << (thread % 32u)) - 1u)); }
      }
      let place = next[d] + rank;
      out0[place] = i32(own);
      ${hasRows(attrs) ? rowsCode(isOnly(attrs) ? "out3" : "out2") : "out1[own] = i32(place);"}
    }
    workgroupBarrier();
    // The first of each digit moves the digit's place on and clears its bits.
    if (isHere && rank == 0u) {
      next[d] += count;
      for (var w = 0u; w < ${WORDS}u; w++) { atomicStore(&present[d * ${WORDS}u + w], 0u); }
    }
    workgroupBarrier();
  }
}`;
}

const rowsCode = (rows: string) => `out1[own] = select(i32(place), -1, bin(own) >= args.bins);
      ${rows}[place] = i32(own / args.share);`;

/** The first place of each bin in keys that are in order, by bisection. */
const findOffsets = defineKernel<{bins: number}>({
  name: "PetriBinOffsets",
  inputs: ["keys", "order"],
  outputs: (_specs, {bins}) => [{shape: [bins + 1], dtype: "int32"}],
  twin(inputs, [offsets], {bins}) {
    const {keys, order} = inputs as {keys: Values; order: Values};
    const to = offsets as Values;
    to.fill(0);
    let place = 0;
    for (let b = 0; b <= bins; ++b) {
      const isBelow = (key: number) => key >= 0 && key < b;
      while (place < order.length && isBelow(keys[order[place] as number] as number)) ++place;
      to[b] = place;
    }
  },
  gpu(specs, {bins}) {
    return {
      variant: "",
      code: () =>
        flatMain(
          "args.bins + 1u",
          `  var low = 0u;
  var high = args.size;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (min(u32(keys[order[middle]]), args.bins) < i) { low = middle + 1u; } else { high = middle; }
  }
  out0[i] = i32(low);`
        ),
      uniforms: {bins: {type: "u32", value: bins}, size: {type: "u32", value: sizeOf(specs)}},
      workgroups: flatWorkgroups(bins + 1)
    };
  }
});

/** A stable order of keys. */
export interface SortedKeys {
  /** int32 [n]: which element stands at each place. */
  order: tf.Tensor;
  /** int32 [n]: the place of each element, the inverse of `order`. */
  places: tf.Tensor;
  /** int32 [bins + 1]: where each bin begins; the last number is that of all elements in bins. */
  offsets: tf.Tensor;
}

/**
 * Sorts int32 keys [n] from 0 to bins - 1 by counting; equal keys keep their order. A key that is no bin comes behind all bins, in
 * order too: what is dropped can be told by one, -1. Two dispatches on webgpu up to 255 bins, five to 65,535, seven beyond (a radix sort by
 * digits of eight bits, Merrill and Grimshaw 2011); no float and no order of arrival is involved: the same numbers on every
 * backend. Throws KernelError for other keys and for less than 1 or more than 16,777,215 bins.
 */
export function countingSort(keys: tf.Tensor, bins: number): SortedKeys {
  return sort(keys, bins)[0];
}

/** Keys in order, and whose they are. */
export interface SortedRows extends SortedKeys {
  /** int32 [n]: the row of the element at each place. */
  rows: tf.Tensor;
}

/** The same of keys of which every `share` neighbours belong to a row; `places` has -1 for keys that are no bin. No dispatch more. */
export function countingSortRows(keys: tf.Tensor, bins: number, share: number): SortedRows {
  const [sorted, rows] = sort(keys, bins, share);
  return {...sorted, rows: rows as tf.Tensor};
}

function sort(keys: tf.Tensor, bins: number, share?: number): [SortedKeys, tf.Tensor?] {
  checkTensor("The keys", keys, 1, ["int32"]);
  checkWhole("The number of bins", bins, 1, MOST_BINS);
  return tf.tidy(() => {
    let sorted: tf.Tensor[] = [];
    for (let shift = 0; bins >> shift > 0; shift += DIGIT_BITS) {
      const [order] = sorted;
      const inputs: Record<string, tf.Tensor> = order ? {keys, order} : {keys};
      const [counts] = countDigits(inputs, {bins, shift});
      sorted = placeDigits({...inputs, counts: counts as tf.Tensor}, {bins, shift, share});
    }
    const [order, places] = sorted;
    const offsets = bins < DIGITS ? sorted[2] : findOffsets({keys, order: order as tf.Tensor}, {bins})[0];
    const result = {order, places, offsets} as SortedKeys & tf.TensorContainerObject;
    return share === undefined ? [result] : [result, sorted.at(-1)];
  }) as [SortedKeys, tf.Tensor?];
}
