// The numbers that all contenders begin with, made without any of them.

/** A tensor's content. */
export interface Numbers {
  shape: number[];
  values: Float32Array<ArrayBuffer>;
}

/** One batch, and the parameters before the first step under their paths in our own trees. */
export interface Task {
  x: Numbers;
  /** Class numbers, one a row of logits. */
  labels: Int32Array<ArrayBuffer>;
  classes: number;
  params: Record<string, Numbers>;
}

/** One library at work on one model. */
export interface Contender {
  step(): void;
  /** Waits for the steps and gives the loss of the last one. */
  sync(): Promise<number>;
  /** How the steps are done, where there is more than one way. */
  readonly note?: string;
}

/** How everyone is trained: Adam with these numbers. */
export const ADAM = {learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8} as const;

/** Numbers that follow from a seed: a linear congruential generator is enough here. */
export function generator(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    /** Whole numbers in 0 ... below - 1. */
    whole: (count: number, below: number) =>
      Int32Array.from({length: count}, () => Math.floor(next() * below)) as Int32Array<ArrayBuffer>,
    /** Uniform in -limit ... limit. */
    uniform: (shape: number[], limit: number): Numbers => ({
      shape,
      values: Float32Array.from({length: sizeOf(shape)}, () => (2 * next() - 1) * limit)
    })
  };
}

export const constant = (shape: number[], value: number): Numbers => ({
  shape,
  values: new Float32Array(sizeOf(shape)).fill(value)
});

/** The limit of Glorot's uniform distribution for a kernel [..., in, out]. */
export function glorot(shape: readonly number[]): number {
  const window = sizeOf(shape.slice(0, -2));
  return Math.sqrt(6 / (window * ((shape.at(-2) as number) + (shape.at(-1) as number))));
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, dim) => size * dim, 1);
