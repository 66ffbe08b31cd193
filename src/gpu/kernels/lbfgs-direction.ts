import {defineKernel} from "../kernel.ts";
import type * as tf from "../tfjs.ts";

/** Pairs that fit into the kernel. */
export const MOST_PAIRS = 100;

const THREADS = 256;

type Numbers = Float32Array | Float64Array | Int32Array;

/**
 * The two loops of L-BFGS (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4) in double precision: minus the inverse
 * Hessian that the pairs stand for, times the gradient. `s` and `y` hold the pairs, oldest first, one after the other; the
 * inverse Hessian begins as (s y) / (y y) of the newest, or as 1.
 */
export function twoLoops(s: Numbers, y: Numbers, gradient: Numbers, out: Numbers): void {
  const size = gradient.length;
  const pairs = size === 0 ? 0 : s.length / size;
  const direction = Float64Array.from(gradient, (slope) => -slope);
  const dot = (rows: Numbers, pair: number, others: Numbers, start: number) => {
    let sum = 0;
    for (let i = 0; i < size; ++i) sum += (rows[pair * size + i] as number) * (others[start + i] as number);
    return sum;
  };
  const add = (factor: number, rows: Numbers, pair: number) => {
    for (let i = 0; i < size; ++i)
      direction[i] = (direction[i] as number) + factor * (rows[pair * size + i] as number);
  };
  const inverses = Array.from({length: pairs}, (_, pair) => 1 / dot(y, pair, s, pair * size));
  const shares: number[] = [];
  for (let pair = pairs - 1; pair >= 0; --pair) {
    const share = dot(s, pair, direction, 0) * (inverses[pair] as number);
    shares[pair] = share;
    add(-share, y, pair);
  }
  if (pairs > 0) {
    const newest = pairs - 1;
    const scale = 1 / ((inverses[newest] as number) * dot(y, newest, y, newest * size));
    for (let i = 0; i < size; ++i) direction[i] = (direction[i] as number) * scale;
  }
  for (let pair = 0; pair < pairs; ++pair) {
    const back = dot(y, pair, direction, 0) * (inverses[pair] as number);
    add((shares[pair] as number) - back, s, pair);
  }
  out.set(direction);
}

/** One workgroup; each thread keeps to its own entries of the direction, so that only the sums need barriers. */
const wgsl = `var<workgroup> partial: array<f32, ${THREADS}>;
var<private> shares: array<f32, ${MOST_PAIRS}>;
var<private> inverses: array<f32, ${MOST_PAIRS}>;

fn total(thread: u32, own: f32) -> f32 {
  partial[thread] = own;
  workgroupBarrier();
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  let size = args.size;
  var squares = 0.0;
  for (var pair = 0u; pair < args.pairs; pair++) {
    var sum = 0.0;
    squares = 0.0;
    for (var i = thread; i < size; i += ${THREADS}u) {
      let slope = y[pair * size + i];
      sum += slope * s[pair * size + i];
      squares += slope * slope;
    }
    inverses[pair] = 1.0 / total(thread, sum);
  }
  for (var i = thread; i < size; i += ${THREADS}u) { out0[i] = -gradient[i]; }
  for (var back = 0u; back < args.pairs; back++) {
    let pair = args.pairs - 1u - back;
    var sum = 0.0;
    for (var i = thread; i < size; i += ${THREADS}u) { sum += s[pair * size + i] * out0[i]; }
    let share = total(thread, sum) * inverses[pair];
    shares[pair] = share;
    for (var i = thread; i < size; i += ${THREADS}u) { out0[i] -= share * y[pair * size + i]; }
  }
  let scale = 1.0 / (inverses[args.pairs - 1u] * total(thread, squares));
  for (var i = thread; i < size; i += ${THREADS}u) { out0[i] *= scale; }
  for (var pair = 0u; pair < args.pairs; pair++) {
    var sum = 0.0;
    for (var i = thread; i < size; i += ${THREADS}u) { sum += y[pair * size + i] * out0[i]; }
    let factor = shares[pair] - total(thread, sum) * inverses[pair];
    for (var i = thread; i < size; i += ${THREADS}u) { out0[i] += factor * s[pair * size + i]; }
  }
}`;

const run = defineKernel<object>({
  name: "PetriLbfgsDirection",
  inputs: ["s", "y", "gradient"],
  outputs: ({gradient}) => [{shape: gradient?.shape ?? [], dtype: "float32"}],
  twin({s, y, gradient}, [out]) {
    twoLoops(s as Numbers, y as Numbers, gradient as Numbers, out as Numbers);
  },
  gpu: ({s}) => ({
    variant: "",
    code: () => wgsl,
    uniforms: {
      size: {type: "u32", value: s?.shape[1] ?? 0},
      pairs: {type: "u32", value: s?.shape[0] ?? 0}
    },
    workgroups: [1, 1, 1]
  })
});

/** The search direction for the gradient [size], from pairs s and y [pairs, size], at least one and at most MOST_PAIRS. */
export function lbfgsDirection(s: tf.Tensor, y: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  return run({s, y, gradient}, {})[0] as tf.Tensor;
}
