import {ArgumentError, checkNumber} from "../core/errors.ts";

/**
 * The quantile of Student's t distribution: the t below which a share `p` lies, for `degrees` of freedom of at least 1. By
 * bisection of the distribution function, to double precision. @throws ArgumentError
 *
 * @example
 * import {studentTQuantile} from "petri/metrics";
 *
 * display([1, 4, 30].map((degrees) => studentTQuantile(0.975, degrees)));
 */
export function studentTQuantile(p: number, degrees: number): number {
  checkNumber("p", p, 0, 1);
  checkNumber("degrees", degrees, 1);
  if (p === 0 || p === 1) throw new ArgumentError(`p must lie between 0 and 1, got ${p}.`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentTQuantile(1 - p, degrees);
  let [low, high] = [0, 1];
  while (upperTail(high, degrees) > 1 - p) [low, high] = [high, 2 * high];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (upperTail(middle, degrees) > 1 - p) low = middle;
    else high = middle;
  }
}

/** Share of Student's t above t >= 0: half the regularised incomplete beta function of degrees / (degrees + t^2). */
function upperTail(t: number, degrees: number): number {
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}

/** I_x(a, b) by its continued fraction (Abramowitz & Stegun 26.5.8), evaluated by Lentz's method. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let [numerator, denominator, value] = [1, 0, 1];
  for (let i = 0; i < 1000; ++i) {
    const m = Math.floor(i / 2);
    const term =
      i === 0
        ? 1
        : i % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / (1 + term * denominator || tiny);
    numerator = 1 + term / numerator || tiny;
    const factor = numerator * denominator;
    value *= factor;
    if (i > 0 && Math.abs(factor - 1) < 1e-16) break;
  }
  return front * (value - 1);
}

/** log of the gamma function for x > 0, by Stirling's series above 10 and its recurrence below. */
function logGamma(x: number): number {
  let [shifted, product] = [x, 1];
  for (; shifted < 10; ++shifted) product *= shifted;
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 +
      square *
        (-1 / 360 +
          square * (1 / 1260 + square * (-1 / 1680 + square * (1 / 1188 - (691 / 360360) * square)))));
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product)
  );
}
