// What convolutions by rows have in common. They are for adapters that compute on the CPU, on which reading a number costs as much as a
// dozen multiplications: a thread takes a stretch of a row and uses each number that it reads for all places of the window that see it.
import type {Window2d} from "./window.ts";

/** Columns of windows that are written out in a shader. */
const MOST_COLUMNS = 7;
/** Rows shorter than this make the stretches too short. */
const FEWEST_PLACES = 4;

/** Whether there are such shaders for a window, for the convolution and its kernel's gradient. */
export const isByRows = ({columns, strideX, outWidth}: Window2d): boolean =>
  columns <= MOST_COLUMNS && strideX <= 2 && outWidth >= FEWEST_PLACES;

/** Whether there is one for the gradient of the images. */
export const isInputGradByRows = (window: Window2d): boolean =>
  isByRows(window) &&
  [window.strideX, window.strideY, window.dilationX, window.dilationY].every((step) => step === 1);

/** The numbers below `count`. */
export const range = (count: number) => Array.from({length: count}, (_, i) => i);
/** WGSL: a line for each number below `count`. */
export const lines = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");
/** A uniform. */
export const u32 = (value: number) => ({type: "u32", value}) as const;

/** Parts of nearly equal length, as few as there can be: how many, and the length of the first. */
export function parts(length: number, most: number): {count: number; size: number} {
  const count = Math.ceil(length / most);
  return {count, size: Math.ceil(length / count)};
}

/** Channels, a few at a time, as vectors in registers. */
export class Lanes {
  readonly count: number;
  readonly size: number;
  readonly type: string;
  private readonly of: string;

  /** `of` is the uniform that holds how many there are. */
  constructor(of: string, length: number) {
    ({count: this.count, size: this.size} = parts(length, 4));
    this.type = this.size === 1 ? "f32" : `vec${this.size}f`;
    this.of = of;
  }

  /** Where each is, from `left` on; past the end the last one again. */
  places(): string {
    return lines(this.size, (j) => `  let o${j} = min(left + ${j}u, args.${this.of} - 1u);`);
  }

  vector(part: (lane: number) => string): string {
    return `${this.type}(${range(this.size).map(part).join(", ")})`;
  }

  read(tensor: string, start: string): string {
    return this.vector((j) => `${tensor}[${start} + o${j}]`);
  }

  write(tensor: string, start: string, value: string): string {
    return lines(
      this.size,
      (j) =>
        `if (left + ${j}u < args.${this.of}) { ${tensor}[${start} + o${j}] = ${value}${this.size === 1 ? "" : `[${j}]`}; }`
    );
  }

  /** A vector as `slope` and `activate` take it, and what they give as a vector of ours. */
  through(call: (four: (value: string) => string) => string): string {
    const four = (value: string) =>
      this.size === 4 ? value : `vec4f(${value}${", 0.0".repeat(4 - this.size)})`;
    return `${call(four)}${[".x", ".xy", ".xyz", ""][this.size - 1]}`;
  }
}

/** A stretch of numbers in a row of `width`, the first at `first`, an i32: `at0`... where they are, `in0`... whether. */
export function stretch(count: number, first: string, width: string, isChecked: boolean): string {
  return lines(count, (j) =>
    isChecked
      ? `  let in${j} = ${first} + ${j} >= 0 && ${first} + ${j} < i32(${width});
  let at${j} = u32(clamp(${first} + ${j}, 0, i32(${width}) - 1));`
      : `  let at${j} = u32(${first}) + ${j}u;`
  );
}

/** Numbers of a row that the window sees at so many places beside one another. */
export const spanOf = ({strideX, dilationX, columns}: Window2d, places: number) =>
  (places - 1) * strideX + (columns - 1) * dilationX + 1;
