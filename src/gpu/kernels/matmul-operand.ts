// WGSL that reads the operands of a product, four numbers at a time.

/** One operand of a product: a matrix with an inner index, that is summed over, and an outer one, a row or a column of the result. */
export interface Operand {
  name: "a" | "b";
  /** The uniform that holds how many outer indices there are. */
  outer: "rows" | "columns";
  /** The index that runs along memory. */
  along: "inner" | "outer";
  /** Bound as array<vec4f>: its lines in memory are whole quads. */
  isVector: boolean;
  /** It is a gradient dy, to be multiplied by the slope of an activation at the values `y`, which lie as it does. */
  hasSlope: boolean;
  /** WGSL of four numbers made of what is read of a line, at the inner index `k`, from outer index `first` on; for lines of inner indices. */
  madeOf?: (value: string, k: string, first: string) => string;
  /** WGSL of the first outer index that is not there, where that is not what the uniform says. */
  end?: string;
  /** WGSL of where line `i` lies, where lines are not in order; such an operand is read line by line, at one inner index a step, if the lines are inner indices. */
  lineOf?: (i: string) => string;
  /** WGSL of whether the inner index `k` is there, where there may be gaps. */
  isThere?: (k: string) => string;
}

/** Statements that give four outer indices at one inner index each, as vec4f. */
export interface Fragment {
  /** Before the loop over the inner index. */
  before: string[];
  /** In the loop, where `k` is the inner index and `k / 4` is `quad`. */
  load: string[];
  /** Four numbers at the inner index `k + step`, one an outer index. */
  across(step: number): string;
  /** One of them. */
  element(lane: number, step: number): string;
}

const LANES = [0, 1, 2, 3] as const;
const vec4 = (value: (lane: number) => string) => `vec4f(${LANES.map(value).join(", ")})`;

/** An expression for what `at` gives of an operand, with the slope applied. */
const read = ({name, hasSlope}: Operand, at: (array: string) => string) =>
  hasSlope ? `slope(${at(name)}, ${at("y")})` : at(name);

/** What becomes of a quad of a line of inner indices. */
const made = ({madeOf}: Operand, value: string, k: string, first: string) =>
  madeOf ? madeOf(value, k, first) : value;

/** The first element of the operand's matrix in a stack. */
const startOf = ({name, outer}: Operand) => `let ${name}Start = stack * args.inner * args.${outer};`;

/** Where line `i` of an operand begins, or the quad of it: past the end it is the last one, read twice and written never. */
function lineStart(
  {name, outer, isVector, end, lineOf = inPlace}: Operand,
  first: string,
  lane: number
): string {
  const start = `${name}Start + ${lineOf(`min(${first} + ${lane}u, ${end ?? `args.${outer}`} - 1u)`)} * args.inner`;
  return isVector ? `(${start}) / 4u` : start;
}

const inPlace = (i: string) => i;

/**
 * Reads the outer indices `first` to `first + 3` at `steps` inner indices, 4 or 1, from k on; all of them have to be there.
 * `tag` tells the names of several fragments apart.
 */
export function fragment(operand: Operand, tag: number, first: string, steps: number): Fragment {
  const {name, outer, along, isVector} = operand;
  const at = (lane: number) => `${name}${tag}At${lane}`;
  const value = (i: number) => `${name}${tag}_${i}`;
  const inOrder = LANES.slice(0, steps);
  if (along === "outer") {
    const before = isVector
      ? [`let ${at(0)} = (${name}Start + min(${first}, args.${outer} - 4u)) / 4u;`]
      : LANES.map((j) => `let ${at(j)} = ${name}Start + min(${first} + ${j}u, args.${outer} - 1u);`);
    const quadAt = (step: number) => (array: string) =>
      isVector
        ? `${array}[${name}Line${step} + ${at(0)}]`
        : vec4((j) => `${array}[${name}Line${step} + ${at(j)}]`);
    return {
      before,
      load: inOrder.map(
        (step) => `let ${value(step)} = ${made(operand, read(operand, quadAt(step)), `k + ${step}u`, first)};`
      ),
      across: value,
      element: (lane, step) => `${value(step)}[${lane}]`
    };
  }
  const before = LANES.map((j) => `let ${at(j)} = ${lineStart(operand, first, j)};`);
  if (steps === 1) {
    const load = `let ${value(0)} = ${read(operand, (array) => vec4((j) => `${array}[${at(j)} + k]`))};`;
    return {before, load: [load], across: () => value(0), element: (lane) => `${value(0)}[${lane}]`};
  }
  return {
    before,
    load: LANES.map((j) => `let ${value(j)} = ${read(operand, (array) => `${array}[${at(j)} + quad]`)};`),
    across: (step) => vec4((j) => `${value(j)}[${step}]`),
    element: (lane, step) => `${value(lane)}[${step}]`
  };
}

/** Before the loads of all fragments of an operand, in the loop: where the lines of its inner indices begin. */
export function lineStarts(
  {name, outer, along, isVector, lineOf = inPlace}: Operand,
  steps: number
): string[] {
  if (along === "inner") return [];
  const stride = isVector ? `args.${outer} / 4u` : `args.${outer}`;
  const start = `${lineOf("k")} * (${stride})`;
  return LANES.slice(0, steps).map((step) =>
    step === 0
      ? `let ${name}Line0 = ${start};`
      : `let ${name}Line${step} = ${name}Line${step - 1} + ${stride};`
  );
}

/** Once a stack: where each operand's matrix begins. */
export const starts = (operands: readonly Operand[]): string[] => operands.map(startOf);

/**
 * `m0` to `m3`: the outer indices `first` to `first + 3` at the inner indices k to k + 3; zeros past the end of the inner ones,
 * where one factor alone would not do, as 0 times infinity is no number.
 */
export function block(operand: Operand, first: string, innerEnd = "args.inner"): string[] {
  const {name, outer, along, isVector, lineOf = inPlace, isThere} = operand;
  const inside = (step: number) =>
    `k + ${step}u < ${innerEnd}${isThere ? ` && ${isThere(`(k + ${step}u)`)}` : ""}`;
  if (along === "outer") {
    const line = (step: number) => `${name}Start + ${lineOf(`(k + ${step}u)`)} * args.${outer}`;
    const quadAt = (step: number) => (array: string) =>
      isVector
        ? `${array}[(${line(step)} + min(${first}, args.${outer} - 4u)) / 4u]`
        : vec4((j) => `${array}[${line(step)} + min(${first} + ${j}u, args.${outer} - 1u)]`);
    return LANES.map((step) => {
      const value = made(operand, read(operand, quadAt(step)), `k + ${step}u`, first);
      return `let m${step} = select(vec4f(0.0), ${value}, ${inside(step)});`;
    });
  }
  const lines = LANES.map((j) => `let line${j} = ${lineStart(operand, first, j)};`);
  const along4 = (j: number) => (array: string) =>
    isVector ? `${array}[line${j} + k / 4u]` : vec4((i) => `${array}[line${j} + k + ${i}u]`);
  const isInside = isVector ? `vec4<bool>(k < ${innerEnd})` : `vec4<bool>(${LANES.map(inside).join(", ")})`;
  const quads = LANES.map(
    (j) => `let along${j} = select(vec4f(0.0), ${read(operand, along4(j))}, ${isInside});`
  );
  return [...lines, ...quads, ...LANES.map((step) => `let m${step} = ${vec4((j) => `along${j}[${step}]`)};`)];
}
