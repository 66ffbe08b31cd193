import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {generator} from "../steps/task.ts";

/** Rows and classes of chance, of a size. */
export function chance(rows: number, features: number): Dataset {
  const random = generator(4);
  return {
    name: "chance",
    inputs: random.uniform([rows, features], 1).values,
    inputShape: [features],
    labels: random.whole(rows, 10),
    classes: 10
  };
}
