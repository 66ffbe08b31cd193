/** The step that all contenders take: SGD on a 784-300-100-10 MLP with ReLU, softmax cross-entropy, 128 rows. */
export const SIZES = [784, 300, 100, 10] as const;
export const BATCH = 128;
export const LEARNING_RATE = 0.05;

/** The same numbers for everyone. */
export interface Task {
  x: Float32Array;
  labels: Int32Array;
  /** Kernels [in, out] and biases [out], layer by layer. */
  kernels: Float32Array[];
}

/** One library at work. */
export interface Contender {
  step(): void;
  /** Waits for the steps and gives the loss of the last one. */
  sync(): Promise<number>;
}

/** Made without any of the contenders: a linear congruential generator is enough here. */
export function makeTask(): Task {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const layers = SIZES.slice(1).map((columns, i) => [SIZES[i] as number, columns] as const);
  return {
    x: Float32Array.from({length: BATCH * SIZES[0]}, next),
    labels: Int32Array.from({length: BATCH}, () => Math.floor(next() * 10)),
    kernels: layers.map(([rows, columns]) =>
      Float32Array.from({length: rows * columns}, () => (next() - 0.5) * 2 * Math.sqrt(6 / (rows + columns)))
    )
  };
}
