import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {checkWhole, KernelError} from "../kernel-error.ts";
import * as tf from "../tfjs.ts";
import {chunksOf, THREADS, wgslChunkMain, wgslScanThreads} from "./chunks.ts";
import {bitsOfKey, keyOf, type Ranking, wgslBitsOfKey, wgslKey} from "./float-keys.ts";

interface PassAttrs {
  by: Ranking;
  /** Which digit of the key is counted: 0 the highest. */
  digit: number;
}

/** Keys of 32 bits are found by three digits. */
const BINS = 2048;
const SHIFTS = [21, 10, 0] as const;
const LAST = SHIFTS.length - 1;

const sizeOf = ({x}: Specs) => x?.shape.reduce((product, dim) => product * dim, 1) ?? 0;
const chunksFor = (specs: Specs) => chunksOf(sizeOf(specs), 64, 4096);
const shiftOf = (digit: number) => SHIFTS[digit] as number;

/** Bits of a key that are known before a digit is counted; none before the first. */
const isInside = (key: number, prefix: number, digit: number) =>
  digit === 0 || key >>> shiftOf(digit - 1) === prefix >>> shiftOf(digit - 1);

const bitsOf = (x: Values | undefined) => {
  const {buffer, byteOffset, length} = x as Values;
  return new Uint32Array(buffer, byteOffset, length);
};

/** The bits of the key found so far, and how many of the elements that share them are wanted. */
interface Selection {
  prefix: number;
  wanted: number;
}

/** Finds the bin of the wanted-th largest by the counts [chunks x BINS] of digit `digit`. */
function pick(counts: Values, state: Values, digit: number): Selection {
  const totals = new Float64Array(BINS);
  counts.forEach((count, i) => {
    totals[i % BINS] = (totals[i % BINS] as number) + count;
  });
  let wanted = state[1] as number;
  let bin = BINS - 1;
  for (; bin > 0 && (totals[bin] as number) < wanted; --bin) wanted -= totals[bin] as number;
  return {prefix: ((state[0] as number) | (bin << shiftOf(digit))) >>> 0, wanted};
}

/** WGSL: the same by a whole workgroup, `pick(thread)`; thread t has the bins that stand t-th from the top, eight at a time. */
const EACH = BINS / THREADS;
const wgslPick = (digit: number) => `${wgslScanThreads("u32")}
var<workgroup> found: array<atomic<u32>, ${BINS}>;
var<workgroup> picked: vec2u;

fn pick(thread: u32) -> vec2u {
  for (var b = thread; b < ${BINS}u; b += ${THREADS}u) {
    var total = 0u;
    for (var c = 0u; c < args.chunks; c++) { total += u32(counts[c * ${BINS}u + b]); }
    atomicStore(&found[b], total);
  }
  workgroupBarrier();
  let top = ${BINS - 1}u - thread * ${EACH}u;
  var own = 0u;
  for (var j = 0u; j < ${EACH}u; j++) { own += atomicLoad(&found[top - j]); }
  let above = scan_threads(thread, own);
  let wanted = u32(state[1]);
  let isLast = thread == ${THREADS - 1}u;
  if ((thread == 0u || above < wanted) && (isLast || above + own >= wanted)) {
    var rest = wanted - above;
    var j = 0u;
    for (; j < ${EACH - 1}u; j++) {
      let here = atomicLoad(&found[top - j]);
      if (here >= rest) { break; }
      rest -= here;
    }
    picked = vec2u(bitcast<u32>(state[0]) | ((top - j) << ${shiftOf(digit)}u), rest);
  }
  return workgroupUniformLoad(&picked);
}
`;

const uniformsOf = (specs: Specs) => {
  const {length, count} = chunksFor(specs);
  return {
    size: {type: "u32", value: sizeOf(specs)},
    length: {type: "u32", value: length},
    chunks: {type: "u32", value: count}
  } as const;
};

/**
 * How often each value of a digit occurs in each chunk, among the elements whose higher digits are those of the wanted one.
 * Inputs x, the state before and, after the first digit, its counts; outputs the counts and the state now.
 */
const countDigit = defineKernel<PassAttrs>({
  name: "PetriSelectCounts",
  inputs: ["x", "state", "counts"],
  outputs: (specs) => [
    {shape: [chunksFor(specs).count * BINS], dtype: "int32"},
    {shape: [2], dtype: "int32"}
  ],
  twin({x, state, counts}, [found, next], {by, digit}, specs) {
    const [to, after] = [found, next] as [Values, Values];
    const {length} = chunksFor(specs);
    const {prefix, wanted} = counts
      ? pick(counts, state as Values, digit - 1)
      : {prefix: 0, wanted: (state as Values)[0] as number};
    after.set([prefix | 0, wanted]);
    to.fill(0);
    const shift = shiftOf(digit);
    bitsOf(x).forEach((bits, i) => {
      const key = keyOf(bits, by);
      if (!isInside(key, prefix, digit)) return;
      const at =
        Math.floor(i / length) * BINS + ((key >>> shift) & (BINS - 1) & (digit === LAST ? 1023 : -1));
      to[at] = (to[at] as number) + 1;
    });
  },
  gpu(specs, {by, digit}) {
    return {
      variant: `${by} ${digit}`,
      code: () => countCode(by, digit),
      uniforms: uniformsOf(specs),
      workgroups: [chunksFor(specs).count, 1, 1]
    };
  }
});

function countCode(by: Ranking, digit: number): string {
  const isFirst = digit === 0;
  const inside = isFirst ? "true" : `(key >> ${shiftOf(digit - 1)}u) == (now.x >> ${shiftOf(digit - 1)}u)`;
  return `${isFirst ? `var<workgroup> found: array<atomic<u32>, ${BINS}>;\n` : wgslPick(digit - 1)}${wgslKey(by)}
${wgslChunkMain}
  let now = ${isFirst ? "vec2u(0u, u32(state[0]))" : "pick(thread)"};
  ${isFirst ? "" : `for (var b = thread; b < ${BINS}u; b += ${THREADS}u) { atomicStore(&found[b], 0u); }`}
  workgroupBarrier();
  let end = min((group + 1u) * args.length, args.size);
  for (var i = group * args.length + thread; i < end; i += ${THREADS}u) {
    let key = key_at(i);
    if (${inside}) { atomicAdd(&found[(key >> ${shiftOf(digit)}u) & ${digit === LAST ? 1023 : BINS - 1}u], 1u); }
  }
  workgroupBarrier();
  for (var b = thread; b < ${BINS}u; b += ${THREADS}u) { out0[group * ${BINS}u + b] = i32(atomicLoad(&found[b])); }
  if (group == 0u && thread < 2u) { out1[thread] = bitcast<i32>(now[thread]); }
}`;
}

/** The wanted element's value, and how many that equal it are among the chosen. */
const readThreshold = defineKernel<{by: Ranking; chunks: number}>({
  name: "PetriSelectThreshold",
  inputs: ["counts", "state"],
  outputs: () => [
    {shape: [], dtype: "float32"},
    {shape: [], dtype: "int32"}
  ],
  twin({counts, state}, [threshold, ties], {by}) {
    const {prefix, wanted} = pick(counts as Values, state as Values, LAST);
    bitsOf(threshold)[0] = bitsOfKey(prefix, by);
    (ties as Values)[0] = wanted;
  },
  gpu(_specs, {by, chunks}) {
    return {
      variant: by,
      code: () => `${wgslPick(LAST)}${wgslBitsOfKey(by)}
${wgslChunkMain}
  let now = pick(thread);
  if (group + thread > 0u) { return; }
  out0[0] = bitcast<f32>(bits_of_key(now.x));
  out1[0] = i32(now.y);
}`,
      uniforms: {chunks: {type: "u32", value: chunks}},
      workgroups: [1, 1, 1]
    };
  }
});

/**
 * Ones where a key is above the wanted one, and at the first ties; only the chunk in which the ties run out has to number
 * them.
 */
const chooseElements = defineKernel<{by: Ranking}>({
  name: "PetriSelectMask",
  inputs: ["x", "counts", "state"],
  outputs: ({x}) => [{shape: x?.shape ?? [], dtype: "float32"}],
  twin({x, counts, state}, [mask], {by}) {
    const to = mask as Values;
    const {prefix, wanted} = pick(counts as Values, state as Values, LAST);
    let ties = wanted;
    bitsOf(x).forEach((bits, i) => {
      const key = keyOf(bits, by);
      to[i] = key > prefix || (key === prefix && ties-- > 0) ? 1 : 0;
    });
  },
  gpu(specs, {by}) {
    return {
      variant: by,
      code: () => maskCode(by),
      uniforms: uniformsOf(specs),
      workgroups: [chunksFor(specs).count, 1, 1]
    };
  }
});

function maskCode(by: Ranking): string {
  return `${wgslPick(LAST)}${wgslKey(by)}
var<workgroup> ties: u32;

${wgslChunkMain}
  let now = pick(thread);
  var earlier = 0u;
  var own = 0u;
  if (thread < args.chunks) {
    let count = u32(counts[thread * ${BINS}u + (now.x & 1023u)]);
    if (thread < group) { earlier = count; }
    if (thread == group) { ties = count; }
  }
  scan_threads(thread, earlier);
  let before = min(workgroupUniformLoad(&sums[${THREADS - 1}]), now.y);
  let here = workgroupUniformLoad(&ties);
  let room = now.y - before;
  let end = min((group + 1u) * args.length, args.size);
  if (room == 0u || room >= here) {
    for (var i = group * args.length + thread; i < end; i += ${THREADS}u) {
      let key = key_at(i);
      out0[i] = select(0.0, 1.0, key > now.x || (key == now.x && room > 0u));
    }
    return;
  }
  var taken = 0u;
  for (var start = group * args.length; start < end; start += ${THREADS}u) {
    let i = start + thread;
    var key = 0u;
    if (i < end) { key = key_at(i); }
    let isTie = i < end && key == now.x;
    let rank = taken + scan_threads(thread, u32(isTie));
    if (i < end) { out0[i] = select(0.0, 1.0, key > now.x || (isTie && rank < room)); }
    taken += sum_threads();
  }
}`;
}

/** The counts of the last digit, and the state that belongs to them. */
function select(x: tf.Tensor, k: number | tf.Tensor, by: Ranking) {
  if (x.dtype !== "float32") throw new KernelError(`What is ranked must be float32, got ${x.dtype}.`);
  if (typeof k === "number") checkWhole("The number to keep", k, 0, x.size);
  const first = typeof k === "number" ? tf.scalar(k, "int32") : k;
  if (first.size !== 1 || first.dtype !== "int32")
    throw new KernelError(
      `The number to keep must be one int32, got ${first.dtype} [${first.shape.join(", ")}].`
    );
  let [counts, state] = countDigit({x, state: first}, {by, digit: 0}) as [tf.Tensor, tf.Tensor];
  for (let digit = 1; digit <= LAST; ++digit)
    [counts, state] = countDigit({x, state, counts}, {by, digit}) as [tf.Tensor, tf.Tensor];
  return {counts, state};
}

/**
 * The k-th largest of float32 elements by magnitude or value: `threshold`, a scalar, and `ties`, how many of those that equal
 * it are among the k (int32 scalar). NaN is smaller than everything (the threshold is NaN where k reaches it), and nothing, k = 0, has the
 * threshold infinity. A radix select by digits of 11, 11 and 10 bits (Alabi et al. 2012): four dispatches on webgpu, nothing is read
 * back, 512 kB of memory whatever the size. k may be an int32 scalar on the device, then it is not checked. No gradient. Throws
 * KernelError for a k below 0 or above the size.
 */
export function kthLargest(
  x: tf.Tensor,
  k: number | tf.Tensor,
  by: Ranking = "magnitude"
): {threshold: tf.Tensor; ties: tf.Tensor} {
  return tf.tidy(() => {
    if (x.size === 0) return {threshold: tf.scalar(Infinity), ties: tf.scalar(0, "int32")};
    const chosen = select(x, k, by);
    const [threshold, ties] = readThreshold(chosen, {by, chunks: chosen.counts.size / BINS});
    return {threshold: threshold as tf.Tensor, ties: ties as tf.Tensor};
  });
}

/**
 * A mask shaped like x with ones at exactly the k largest elements by magnitude or value and zeros elsewhere; of equal ones
 * the earlier stay, NaN goes first. Four dispatches on webgpu, else as kthLargest.
 */
export function largestMask(x: tf.Tensor, k: number | tf.Tensor, by: Ranking = "magnitude"): tf.Tensor {
  return tf.tidy(() => chooseElements({x, ...select(x, k, by)}, {by})[0] as tf.Tensor);
}
