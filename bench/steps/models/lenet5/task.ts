import {constant, generator, glorot, type Task} from "../../task.ts";

/** LeNet-5 as the zoo has it (28x28x1, ReLU, largest of 2x2): 61,706 parameters. Kernels by layer. */
const KERNELS: Record<string, number[]> = {
  conv2d1: [5, 5, 1, 6],
  conv2d2: [5, 5, 6, 16],
  dense1: [400, 120],
  dense2: [120, 84],
  dense3: [84, 10]
};

export function task(batch: number): Task {
  const random = generator(2);
  const layers = Object.entries(KERNELS).flatMap(
    ([name, shape]) =>
      [
        [`${name}/kernel`, random.uniform(shape, glorot(shape))],
        [`${name}/bias`, constant(shape.slice(-1), 0)]
      ] as const
  );
  return {
    x: random.uniform([batch, 28, 28, 1], 1),
    labels: random.whole(batch, 10),
    classes: 10,
    params: Object.fromEntries(layers)
  };
}
