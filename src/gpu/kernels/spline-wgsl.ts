// WGSL: where a number lies on the grid of a spline, and the bases that are not zero there, in registers.
import type {SplineAttrs} from "./spline-grid.ts";

/** What the text of a shader depends on. */
export interface SplineForm {
  order: number;
  base: SplineAttrs["base"];
  /** The grids are given as knots, not as the ends of one uniform grid. */
  hasKnots: boolean;
}

export const range = (count: number) => Array.from({length: count}, (_, i) => i);
export const lines = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");

/** A number as WGSL writes it. */
const f32 = (value: number) => (Number.isInteger(value) ? `${value}.0` : `${value}`);

/**
 * Statements that make, of the number `at` of the input `input`: `first`, the coefficient of the first base; `b0`, `b1`, ..., the
 * bases from there on; with `hasSlopes` `d0`, `d1`, ..., their derivatives by x. Reads `intervals`, a number with a sign, and
 * the uniforms `low` and `scale`.
 */
export function wgslWindow(form: SplineForm, hasSlopes: boolean): string {
  const {order, hasKnots} = form;
  const moved = [
    ...range(order + 1).map((j) => `b${j}`),
    ...(hasSlopes ? range(order + 1).map((j) => `d${j}`) : [])
  ];
  const [up, down] = [
    (name: string) => Number(name.slice(1)) + 1,
    (name: string) => Number(name.slice(1)) - 1
  ];
  const shiftDown = moved.map(
    (name) => `${name} = ${up(name) > order ? "0.0" : name[0] + String(up(name))};`
  );
  const shiftUp = moved
    .map((name) => `${name} = ${down(name) < 0 ? "0.0" : name[0] + String(down(name))};`)
    .reverse();
  return `  // No number, told by its bits: compilers take it that there is none.
  let is_missing = (bitcast<u32>(at) & 0x7fffffffu) > 0x7f800000u;
${hasKnots ? placeByKnots(order) : placeByNumber(order)}
${recursion(form, hasSlopes)}
  var first = select(place, 0, is_missing);
  // Bases beyond the ends of the grid have no coefficients.
  for (; first < 0; first++) { ${shiftDown.join(" ")} }
  for (; first > intervals - 1; first--) { ${shiftUp.join(" ")} }`;
}

const placeByNumber = (order: number) => `  let position = (at - args.low) * args.scale;
  let cell = clamp(floor(position), ${f32(-order - 1)}, f32(intervals + ${order}));
  let place = i32(select(cell, 0.0, is_missing));
  let off = select(clamp(position - cell, 0.0, 1.0), at, is_missing);
  let unit = args.scale;`;

const placeByKnots = (order: number) => `  let count = intervals + ${2 * order + 1};
  let grid = i32(input) * count;
  var below = 0;
  var above = count;
  while (below < above) {
    let middle = (below + above) / 2;
    if (knots[u32(grid + middle)] <= at) { below = middle + 1; } else { above = middle; }
  }
  let cell = clamp(below - 1, 0, count - 2);
${lines(2 * order, (i) => `  let t${i} = knots[u32(grid + clamp(cell + ${i - order + 1}, 0, count - 1))];`)}
  let is_outside = (below == 0 || below == count) && !is_missing;
  let place = select(cell - ${order}, select(intervals + ${order}, ${-order - 1}, below == 0), is_outside);
  let off = select(at, t${order}, is_outside);
  let unit = 1.0;`;

/** The recursion of Cox and de Boor, degree by degree, written out. */
function recursion({order, hasKnots}: SplineForm, hasSlopes: boolean): string {
  const text = ["  var b0 = 1.0;"];
  for (let degree = 1; degree <= order; ++degree) {
    text.push(`  var b${degree} = 0.0;`);
    for (let r = 0; r < degree; ++r) {
      const [left, right] = [order - degree + r, order + r];
      const [lower, upper] = hasKnots
        ? [`t${left}`, `t${right}`]
        : [f32(left - order + 1), f32(right - order + 1)];
      const share = `s${degree}_${r}`;
      text.push(
        hasKnots
          ? `  let ${share} = select(0.0, b${r} / (${upper} - ${lower}), ${upper} > ${lower});`
          : `  let ${share} = b${r} * ${f32(1 / degree)};`,
        `  b${r} = ${r === 0 ? "" : `saved${degree}_${r - 1} + `}(${upper} - off) * ${share};`,
        `  let saved${degree}_${r} = (off - ${lower}) * ${share};`
      );
    }
    text.push(`  b${degree} = saved${degree}_${degree - 1};`);
  }
  if (hasSlopes) {
    const share = (r: number) => `s${order}_${r}`;
    for (let j = 0; j <= order; ++j) {
      const difference = [j > 0 && share(j - 1), j < order && `- ${share(j)}`].filter(Boolean).join(" ");
      text.push(`  var d${j} = (${difference}) * ${f32(order)} * unit;`);
    }
    text.push(
      `  if (is_missing) { ${range(order + 1)
        .map((j) => `d${j} = at;`)
        .join(" ")} }`
    );
  }
  return text.join("\n");
}

/** An expression of the function beside the splines, of `at`. */
export const wgslBase = ({base}: SplineForm) =>
  base === "identity"
    ? "at"
    : // Far below it is 0, and infinity times 0 would be no number.
      "select(at / (1.0 + exp(-at)), 0.0, at < -80.0)";

/** Its derivative. */
export const wgslBaseSlope = ({base}: SplineForm) =>
  base === "identity"
    ? "1.0"
    : "select(select(1.0, 0.0, at < 0.0), (1.0 + at * (1.0 - 1.0 / (1.0 + exp(-at)))) / (1.0 + exp(-at)), abs(at) <= 80.0 || is_missing)";
