import type {GpuKernel} from "../webgpu-dispatch.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** Self-attention of a batch of sequences whose queries, keys and values lie side by side in one tensor. */
export interface AttentionLayout {
  batch: number;
  time: number;
  heads: number;
  /** Features of one head. */
  width: number;
  causal: boolean;
  hasMask: boolean;
}

/** What stands for the score of a key that is not seen: no score is so low. */
const UNSEEN = "-3.4e38";

/** Features that are read at once: four, where every head has a multiple of four. */
const stepOf = ({width}: AttentionLayout) => (width % 4 === 0 ? 4 : 1);

/** `tensors` are those with features, read and written several at once; `main` is a shader's body, small because software adapters compile slowly. */
function kernelOf(
  layout: AttentionLayout,
  threads: number,
  tensors: readonly string[],
  main: string
): GpuKernel {
  const {time, heads, width, causal, hasMask} = layout;
  const step = stepOf(layout);
  return {
    variant: [step === 4 && "vec4", causal && "causal", hasMask && "mask"].filter(Boolean).join(" "),
    code: () => wgslTypes(step) + flatMain("args.size", main),
    elements: step === 4 ? Object.fromEntries(tensors.map((name) => [name, "vec4f" as const])) : undefined,
    uniforms: {
      size: {type: "u32", value: threads},
      time: {type: "u32", value: time},
      heads: {type: "u32", value: heads},
      width: {type: "u32", value: width / step},
      scale: {type: "f32", value: 1 / Math.sqrt(width)}
    },
    workgroups: flatWorkgroups(threads)
  };
}

/** WGSL: features that are read at once, and the sum of their products; NaN keeps its exponential, told by its bits. */
const wgslTypes = (step: number) => `alias Features = ${step === 4 ? "vec4f" : "f32"};
fn product(a: Features, b: Features) -> f32 { return ${step === 4 ? "dot(a, b)" : "a * b"}; }
fn exponential(x: f32) -> f32 {
  return select(exp(x), x, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u);
}
`;

/** WGSL: a thread's query `t` of a head, where its weights and its features begin, and the keys from `end` on, which it does not see. */
const wgslQuery = (causal: boolean) => `  let t = i % args.time;
  let head = i / args.time % args.heads;
  let sequence = i / (args.time * args.heads) * args.time;
  let features = args.heads * args.width;
  let own = (sequence + t) * features + head * args.width;
  let query = (sequence + t) * 3u * features + head * args.width;
  let weight = i * args.time;
  let end = ${causal ? "t + 1u" : "args.time"};
`;

/** WGSL: where a head's keys (part 1) or values (2) of step k begin. */
const keyed = (part: 1 | 2) => `((sequence + k) * 3u + ${part}u) * features + head * args.width`;

/**
 * What each query sees (out0), and its weights (out1), which hold the scores before. Heads are read where they lie, so that
 * nothing is transposed.
 */
export function attentionForward(layout: AttentionLayout): GpuKernel {
  const {batch, time, heads, causal, hasMask} = layout;
  return kernelOf(
    layout,
    batch * heads * time,
    ["qkv", "out0"],
    `${wgslQuery(causal)}
  var top = ${UNSEEN};
  for (var k = 0u; k < end; k++) {
    ${hasMask ? `if (mask[sequence + k] == 0.0) { out1[weight + k] = ${UNSEEN}; continue; }` : ""}
    let key = ${keyed(1)};
    var score = 0.0;
    for (var f = 0u; f < args.width; f++) { score += product(qkv[query + f], qkv[key + f]); }
    score *= args.scale;
    top = max(top, score);
    out1[weight + k] = score;
  }
  var sum = 0.0;
  for (var k = 0u; k < end; k++) {
    let score = out1[weight + k];
    let e = ${hasMask ? `select(exponential(score - top), 0.0, score == ${UNSEEN})` : "exponential(score - top)"};
    out1[weight + k] = e;
    sum += e;
  }
  // A query that may look at nothing sees nothing.
  let share = select(1.0 / sum, 0.0, sum == 0.0);
  for (var k = 0u; k < end; k++) { out1[weight + k] *= share; }
  for (var k = end; k < args.time; k++) { out1[weight + k] = 0.0; }
  for (var f = 0u; f < args.width; f++) {
    var seen = Features();
    for (var k = 0u; k < end; k++) { seen += out1[weight + k] * qkv[${keyed(2)} + f]; }
    out0[own + f] = seen;
  }`
  );
}

/**
 * The gradient of the scores before they were scaled: weights (dy v - dy y) / sqrt(width), the second product being what the
 * softmax of a row takes back (Dao et al. 2022, appendix B).
 */
export function attentionScoresGrad(layout: AttentionLayout): GpuKernel {
  const {batch, time, heads, causal} = layout;
  return kernelOf(
    {...layout, hasMask: false},
    batch * heads * time,
    ["qkv", "y", "dy"],
    `${wgslQuery(causal)}
  _ = query;
  var back = 0.0;
  for (var f = 0u; f < args.width; f++) { back += product(dy[own + f], y[own + f]); }
  for (var k = 0u; k < end; k++) {
    let value = ${keyed(2)};
    var along = 0.0;
    for (var f = 0u; f < args.width; f++) { along += product(dy[own + f], qkv[value + f]); }
    out0[weight + k] = weights[weight + k] * (along - back) * args.scale;
  }
  for (var k = end; k < args.time; k++) { out0[weight + k] = 0.0; }`
  );
}

/** The gradient of queries, keys and values: each thread makes some features of one step of one of the three. */
export function attentionInputGrad(layout: AttentionLayout): GpuKernel {
  const {batch, time, heads, width, causal} = layout;
  return kernelOf(
    {...layout, hasMask: false},
    (batch * time * 3 * heads * width) / stepOf(layout),
    ["qkv", "dy", "out0"],
    `  let features = args.heads * args.width;
  let f = i % args.width;
  let head = i / args.width % args.heads;
  let part = i / features % 3u;
  let step = i / (3u * features);
  let t = step % args.time;
  let sequence = step - t;
  let matrix = (sequence * args.heads + head * args.time) * args.time;
  var sum = Features();
  if (part == 0u) {
    for (var k = 0u; k < ${causal ? "t + 1u" : "args.time"}; k++) { sum += scores[matrix + t * args.time + k] * qkv[${keyed(1)} + f]; }
  } else {
    // Over the queries that see this key.
    for (var q = ${causal ? "t" : "0u"}; q < args.time; q++) {
      let at = matrix + q * args.time + t;
      let own = (sequence + q) * features + head * args.width + f;
      if (part == 1u) {
        sum += scores[at] * qkv[own + (sequence + q) * 2u * features];
      } else {
        sum += weights[at] * dy[own];
      }
    }
  }
  out0[i] = sum;`
  );
}
