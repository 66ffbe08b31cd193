import {defineKernel, type Values} from "../kernel.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** What a draw gives, and the numbers it needs besides the key. */
export type Distribution =
  | {kind: "uniform"; start: number; span: number; last: number}
  | {kind: "normal"; mean: number; deviation: number}
  | {kind: "truncatedNormal"; start: number; span: number; deviation: number}
  | {kind: "bernoulli"; threshold: number}
  | {kind: "integers"; low: number; count: number}
  | {kind: "gumbel"};

export interface DrawAttrs {
  shape: readonly number[];
  /** The two words of the key. */
  words: readonly [number, number];
  distribution: Distribution;
  /** The same draw in JavaScript, for the other backends. */
  values(): Values;
}

/**
 * Numbers of a distribution out of Philox4x32-10 (Salmon et al. 2011), element i from word i % 4 of the block with the
 * counter (i / 4, 0, 0, 0): one thread a block. Integers, uniforms and zeros and ones have the bits that JavaScript
 * gives; the others agree to a few units in the last place, as logarithm, sine and cosine are written out here: WGSL
 * promises no more than 2^-11 for its own.
 */
export const drawKernel = defineKernel<DrawAttrs>({
  name: "PetriRandom",
  inputs: [],
  outputs: (_specs, {shape, distribution}) => [
    {shape, dtype: distribution.kind === "integers" ? "int32" : "float32"}
  ],
  twin(_inputs, [out], {values}) {
    (out as Values).set(values());
  },
  gpu(_specs, {shape, words, distribution}) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const {kind, ...numbers} = distribution;
    const whole = kind === "bernoulli" || kind === "integers";
    const fields = Object.entries(numbers).map(([name, value]) => [
      name,
      {type: whole ? "u32" : "f32", value}
    ]);
    return {
      variant: kind,
      code: () => PHILOX + LOGARITHM + DRAWS[kind] + WRITE,
      uniforms: {
        size: {type: "u32", value: size},
        blocks: {type: "u32", value: Math.ceil(size / 4)},
        key0: {type: "u32", value: words[0]},
        key1: {type: "u32", value: words[1]},
        ...Object.fromEntries(fields)
      },
      workgroups: flatWorkgroups(Math.ceil(size / 4))
    };
  }
});

const PHILOX = `fn mul_high(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let across = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (across >> 16u);
}

fn philox(number: u32) -> vec4u {
  var c = vec4u(number, 0u, 0u, 0u);
  var k = vec2u(args.key0, args.key1);
  for (var round = 0u; round < 10u; round++) {
    c = vec4u(
      mul_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      mul_high(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x
    );
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

fn unit(word: u32) -> f32 { return f32(word >> 8u) * 0x1p-24; }
`;

/** ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)) for x = m 2^e with m from sqrt(1/2) to sqrt(2), good near 1 too. */
const LOGARITHM = `fn natural_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var exponent = i32(bits >> 23u) - 127;
  var m = bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u);
  if (m > 1.4142135) {
    m *= 0.5;
    exponent += 1;
  }
  let s = (m - 1.0) / (m + 1.0);
  let t = s * s;
  let series = 2.0 * s * (1.0 + t * (1.0 / 3.0 + t * (0.2 + t * (1.0 / 7.0 + t * (1.0 / 9.0)))));
  return f32(exponent) * 0.69314718 + series;
}
`;

/** `draw`: four numbers from the four words of a block. */
const DRAWS: Record<Distribution["kind"], string> = {
  uniform: each("f32", "min(fma(unit(word), args.span, args.start), args.last)"),
  bernoulli: each("f32", "select(0.0, 1.0, (word >> 8u) < args.threshold)"),
  integers: each("i32", "bitcast<i32>(args.low + mul_high(word, args.count))"),
  // 1 - u is exact; its logarithm is zero once in 2^24 draws, which would be infinitely certain.
  gumbel: each("f32", "-natural_log(max(-natural_log(1.0 - unit(word)), 0x1p-25))"),
  // Giles 2011, "Approximating the erfinv function", the branch for |x| < 0.9966.
  truncatedNormal: `fn quantile(p: f32) -> f32 {
  let x = 2.0 * p - 1.0;
  let w = -natural_log((1.0 - x) * (1.0 + x)) - 2.5;
  var series = 2.81022636e-08;
  series = fma(series, w, 3.43273939e-07);
  series = fma(series, w, -3.5233877e-06);
  series = fma(series, w, -4.39150654e-06);
  series = fma(series, w, 0.00021858087);
  series = fma(series, w, -0.00125372503);
  series = fma(series, w, -0.00417768164);
  series = fma(series, w, 0.246640727);
  series = fma(series, w, 1.50140941);
  return clamp(1.4142135 * series * x, -2.0, 2.0);
}
${each("f32", "args.deviation * quantile(fma(unit(word), args.span, args.start))")}`,
  normal: `fn pair(first: u32, second: u32) -> vec2f {
  let radius = sqrt(-2.0 * natural_log(1.0 - unit(first)));
  // The angle is 2 pi k / 2^24: whole quarters are taken off k, where nothing is rounded.
  let k = second >> 8u;
  let quarter = (k + 0x200000u) >> 22u;
  let x = f32(i32(k) - i32(quarter << 22u)) * 3.7450703e-07;
  let t = x * x;
  let s = x * (1.0 - t / 6.0 * (1.0 - t / 20.0 * (1.0 - t / 42.0 * (1.0 - t / 72.0))));
  let c = 1.0 - t / 2.0 * (1.0 - t / 12.0 * (1.0 - t / 30.0 * (1.0 - t / 56.0 * (1.0 - t / 90.0))));
  let turned = select(vec2f(c, s), vec2f(-s, c), (quarter & 1u) == 1u);
  let z = radius * select(turned, -turned, (quarter & 2u) == 2u);
  return fma(z, vec2f(args.deviation), vec2f(args.mean));
}

fn draw(words: vec4u) -> vec4f { return vec4f(pair(words.x, words.y), pair(words.z, words.w)); }
`
};

function each(type: "f32" | "i32", expression: string): string {
  return `fn one(word: u32) -> ${type} { return ${expression}; }
fn draw(words: vec4u) -> vec4<${type}> { return vec4<${type}>(one(words.x), one(words.y), one(words.z), one(words.w)); }
`;
}

const WRITE = flatMain(
  "args.blocks",
  `  let values = draw(philox(i));
  for (var j = 0u; j < 4u; j++) {
    if (4u * i + j < args.size) { out0[4u * i + j] = values[j]; }
  }`
);
