import {checkCount} from "../core/errors.ts";
import {DatasetError} from "./dataset-error.ts";

/**
 * Labels as rows of `classes` numbers, 1 at the label and 0 elsewhere. @throws DatasetError for a label out of range.
 *
 * @example
 * import {oneHot} from "petri/datasets";
 *
 * display(oneHot([2, 0, 1], 3));
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  checkCount("classes", classes);
  const out = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; ++i) {
    const label = labels[i] as number;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DatasetError(`oneHot, label ${i}: expected a class from 0 to ${classes - 1}, got ${label}.`);
    }
    out[i * classes + label] = 1;
  }
  return out;
}
