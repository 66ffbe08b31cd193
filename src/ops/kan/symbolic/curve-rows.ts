// Scores of curves that are computed sample by sample. A loop that calls one of many functions takes several times as long as
// a loop around one of them, so the functions have loops of their own.
import type {AffineSamples, ScoreRow} from "./affine-rows.ts";
import type {SymbolicFunction} from "./functions.ts";

/** Writes f(inner x + offset) for all x. */
type WriteCurve = (offset: number, out: Float64Array) => void;
/** What is the same for all offsets is computed once. */
type CurvesOf = (x: Float64Array) => (inner: number) => WriteCurve;

/** pykan adds it below the fraction, so that a curve that hardly moves fits nothing. */
const SOFTENING = 1e-4;

/** The squared correlation from its parts, as pykan softens it. */
export function softenedR2(covariance: number, variance: number, total: number): number {
  const r2 = (covariance * covariance) / (Math.max(variance, 0) * total + SOFTENING);
  return Number.isFinite(r2) ? r2 : 0;
}

/** Any function. Where one is not a number, its domain is an interval: looking at the ends of the samples is enough. */
export function curves({x, y, total, low, high}: AffineSamples, {name, value}: SymbolicFunction): ScoreRow {
  const curvesOf = (LOOPS[name] ?? anyLoop(value))(x);
  const values = new Float64Array(x.length);
  return (inner, offsets, out) => {
    const write = curvesOf(inner);
    for (let j = 0; j < offsets.length; j++) {
      const offset = offsets[j] as number;
      const isDefined = !Number.isNaN(value(inner * low + offset) + value(inner * high + offset));
      if (isDefined) write(offset, values);
      out[j] = isDefined ? squaredCorrelation(values, y, total) : 0;
    }
  };
}

/** The squared correlation of y and f(inner x + offset). */
export function scoreOne(f: SymbolicFunction, samples: AffineSamples, inner: number, offset: number): number {
  const out = new Float64Array(1);
  curves(samples, {...f, name: ""})(inner, Float64Array.of(offset), out);
  return out[0] as number;
}

function squaredCorrelation(values: Float64Array, y: Float64Array, total: number): number {
  // Differences to one of the values keep their digits where values are large and close together.
  const first = values[0] as number;
  let [sum, squares, products] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const d = (values[i] as number) - first;
    sum += d;
    squares += d * d;
    products += d * (y[i] as number);
  }
  return softenedR2(products, squares - (sum * sum) / values.length, total);
}

function anyLoop(value: (z: number) => number): CurvesOf {
  return (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = value(inner * (x[i] as number) + offset);
  };
}

/** In the loops, z is inner x + offset. */
const LOOPS: Readonly<Record<string, CurvesOf>> = {
  "0": () => () => (_, out) => {
    out.fill(0);
  },
  abs: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.abs(inner * (x[i] as number) + offset);
  },
  sgn: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.sign(inner * (x[i] as number) + offset);
  },
  sqrt: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.sqrt(inner * (x[i] as number) + offset);
  },
  "1/sqrt(x)": (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = 1 / Math.sqrt(inner * (x[i] as number) + offset);
  },
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map((power) => [power === 1 ? "1/x" : `1/x^${power}`, inverses(power)])
  ),
  "x^1.5": (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) {
      const z = inner * (x[i] as number) + offset;
      out[i] = z * Math.sqrt(z);
    }
  },
  log: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.log(inner * (x[i] as number) + offset);
  },
  arctan: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) out[i] = Math.atan(inner * (x[i] as number) + offset);
  },
  gaussian: (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) {
      const z = inner * (x[i] as number) + offset;
      out[i] = Math.exp(-z * z);
    }
  },
  tan: tangents,
  tanh: hyperbolicTangents
};

/** z^-power, power from 1 to 5. */
function inverses(power: number): CurvesOf {
  return (x) => (inner) => (offset, out) => {
    for (let i = 0; i < x.length; i++) {
      const one = 1 / (inner * (x[i] as number) + offset);
      const two = one * one;
      const even = power > 3 ? two * two : power > 1 ? two : 1;
      out[i] = power % 2 === 1 ? even * one : even;
    }
  };
}

/** The sine of a sum over its cosine: waves are computed once an inner scale, and once an offset. */
function tangents(x: Float64Array): (inner: number) => WriteCurve {
  const [sines, cosines] = [new Float64Array(x.length), new Float64Array(x.length)];
  return (inner) => {
    for (let i = 0; i < x.length; i++) {
      sines[i] = Math.sin(inner * (x[i] as number));
      cosines[i] = Math.cos(inner * (x[i] as number));
    }
    return (offset, out) => {
      const sine = Math.sin(offset);
      const cosine = Math.cos(offset);
      for (let i = 0; i < x.length; i++) {
        const s = sines[i] as number;
        const c = cosines[i] as number;
        out[i] = (s * cosine + c * sine) / (c * cosine - s * sine);
      }
    };
  };
}

/** tanh(z) = 1 - 2 / (exp(2z) + 1), the exponential as a product. */
function hyperbolicTangents(x: Float64Array): (inner: number) => WriteCurve {
  const factors = new Float64Array(x.length);
  return (inner) => {
    for (let i = 0; i < x.length; i++) factors[i] = Math.exp(2 * inner * (x[i] as number));
    return (offset, out) => {
      // Infinite, it would make no number of a factor that is zero.
      const factor = Math.min(Math.exp(2 * offset), Number.MAX_VALUE);
      for (let i = 0; i < x.length; i++) out[i] = 1 - 2 / ((factors[i] as number) * factor + 1);
    };
  };
}
