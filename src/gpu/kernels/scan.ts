import {registerGradient} from "../gradients/register.ts";
import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {checkTensor} from "../kernel-error.ts";
import {offTape} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {chunksOf, THREADS, wgslChunkMain, wgslScanThreads} from "./chunks.ts";

interface ScanAttrs {
  /** From the end to the front. */
  reverse: boolean;
}

const SCAN = "PetriExclusiveSum";

/** Elements a thread adds up by itself. */
const ITEMS = 4;

const sizeOf = ({x}: Specs) => x?.shape[0] ?? 0;
const typeOf = ({x}: Specs) => x?.dtype ?? "float32";
const wgslTypeOf = (specs: Specs) => (typeOf(specs) === "int32" ? "i32" : "f32");
const chunksFor = (size: number) => chunksOf(size, THREADS, THREADS * ITEMS);

const uniformsOf = (specs: Specs) => {
  const {length, count} = chunksFor(sizeOf(specs));
  return {
    size: {type: "u32", value: sizeOf(specs)},
    length: {type: "u32", value: length},
    chunks: {type: "u32", value: count}
  } as const;
};

/** WGSL: element i in the order of the scan, 0 past the end. */
const wgslElement = (type: string, reverse: boolean) => `fn place(i: u32) -> u32 {
  return ${reverse ? "args.size - 1u - i" : "i"};
}
fn element(i: u32) -> ${type} {
  if (i >= args.size) { return ${type}(0); }
  return x[place(i)];
}
`;

/** Output: the sum of each chunk. */
const chunkSums = defineKernel<ScanAttrs>({
  name: "PetriChunkSums",
  inputs: ["x"],
  outputs: (specs) => [{shape: [chunksFor(sizeOf(specs)).count], dtype: typeOf(specs)}],
  twin({x}, [sums], {reverse}, specs) {
    const [from, to] = [x, sums] as [Values, Values];
    const {length} = chunksFor(sizeOf(specs));
    to.fill(0);
    for (let i = 0; i < from.length; ++i) {
      const chunk = Math.floor(i / length);
      to[chunk] = (to[chunk] as number) + (from[reverse ? from.length - 1 - i : i] as number);
    }
  },
  gpu(specs, {reverse}) {
    const type = wgslTypeOf(specs);
    return {
      variant: `${type} ${reverse}`,
      code: () => `${wgslScanThreads(type)}${wgslElement(type, reverse)}${wgslChunkMain}
  var sum = ${type}(0);
  let end = min((group + 1u) * args.length, args.size);
  for (var i = group * args.length + thread; i < end; i += ${THREADS}u) { sum += element(i); }
  scan_threads(thread, sum);
  if (thread == 0u) { out0[group] = sum_threads(); }
}`,
      uniforms: uniformsOf(specs),
      workgroups: [chunksFor(sizeOf(specs)).count, 1, 1]
    };
  }
});

/** Inputs the vector and, where it has several chunks, their sums; each workgroup adds up those before its own. */
const scan = defineKernel<ScanAttrs>({
  name: SCAN,
  inputs: ["x", "before"],
  outputs: (specs) => [{shape: [sizeOf(specs)], dtype: typeOf(specs)}],
  twin({x}, [out], {reverse}) {
    const [from, to] = [x, out] as [Values, Values];
    const whole = to instanceof Int32Array;
    let sum = 0;
    for (let i = 0; i < from.length; ++i) {
      const at = reverse ? from.length - 1 - i : i;
      to[at] = sum;
      sum += from[at] as number;
      if (whole) sum |= 0;
    }
  },
  gpu(specs, {reverse}) {
    const type = wgslTypeOf(specs);
    return {
      variant: `${type} ${reverse}`,
      code: () => `${wgslScanThreads(type)}${wgslElement(type, reverse)}${wgslChunkMain}
  var base = ${type}(0);
  ${specs.before ? BASE(type) : ""}
  let end = min((group + 1u) * args.length, args.size);
  for (var start = group * args.length; start < end; start += ${THREADS * ITEMS}u) {
    let first = start + thread * ${ITEMS}u;
    let own = vec4<${type}>(element(first), element(first + 1u), element(first + 2u), element(first + 3u));
    var sum = base + scan_threads(thread, own.x + own.y + own.z + own.w);
    for (var j = 0u; j < ${ITEMS}u; j++) {
      if (first + j < end) { out0[place(first + j)] = sum; }
      sum += own[j];
    }
    base += sum_threads();
  }
}`,
      uniforms: uniformsOf(specs),
      workgroups: [chunksFor(sizeOf(specs)).count, 1, 1]
    };
  }
});

/** There are at most as many chunks as threads. */
const BASE = (type: string) => `var earlier = ${type}(0);
  if (thread < group) { earlier = before[thread]; }
  scan_threads(thread, earlier);
  base = sum_threads();`;

/**
 * Sums of all elements before each one: y_i = x_0 + ... + x_(i-1), or of all behind it with `reverse`; x is a float32 or int32
 * vector of any length, int32 sums wrap. One dispatch on webgpu up to 1,024 elements and two beyond (reduce, then scan:
 * Dotsenko et al. 2008); the order of the additions depends on the length alone, so equal inputs give equal bits. What is no number reaches
 * the sums behind it and no other. Throws KernelError for other tensors.
 */
export function exclusiveSum(x: tf.Tensor, {reverse = false}: Partial<ScanAttrs> = {}): tf.Tensor {
  checkTensor("The vector to be summed", x, 1, ["float32", "int32"]);
  if (chunksFor(x.size).count <= 1) return scan({x}, {reverse})[0] as tf.Tensor;
  return tf.tidy(() => {
    // A help for the scan, whose gradient is by x alone.
    const [before] = offTape(() => chunkSums({x}, {reverse}));
    return scan({x, before: before as tf.Tensor}, {reverse})[0] as tf.Tensor;
  });
}

registerGradient<ScanAttrs>({
  kernelName: SCAN,
  grads: ([dy], _saved, {reverse}) => ({x: () => exclusiveSum(dy as tf.Tensor, {reverse: !reverse})})
});
