import {constant, generator, glorot, type Task} from "../../task.ts";

/** An MLP with ReLU (LeNet-300-100): 266,610 parameters. */
export const SIZES = [784, 300, 100, 10] as const;

export function task(batch: number): Task {
  const random = generator(1);
  const layers = SIZES.slice(1).flatMap((units, i) => {
    const shape = [SIZES[i] as number, units];
    return [
      [`dense${i + 1}/kernel`, random.uniform(shape, glorot(shape))],
      [`dense${i + 1}/bias`, constant([units], 0)]
    ] as const;
  });
  return {
    x: random.uniform([batch, SIZES[0]], 1),
    labels: random.whole(batch, 10),
    classes: 10,
    params: Object.fromEntries(layers)
  };
}
