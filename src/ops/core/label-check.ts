// Labels that a model has no output for: their loss would be NaN, and their one-hot rows zeros.
import {type Dataset, sizeOf} from "../datasets/dataset.ts";
import {ArgumentError} from "./errors.ts";

/** Who has classes, "the model", say, and what would give it more: "give its last layer 11 units". */
interface Owner {
  of: string;
  more(classes: number): string;
}

/** Throws an ArgumentError where a label is none of so many classes. */
type LabelCheck = (classes: number, owner: Owner) => void;

/** Looks at all labels of a dataset, or the tokens that a text is to be continued with, once: at the first call. */
export function labelCheck(data: Dataset): LabelCheck {
  if (data.targets) return () => {};
  const labels = data.tokens ? data.tokens.subarray(1) : data.labels;
  let largest: number | undefined;
  let isNegative = false;
  return (classes, owner) => {
    if (largest === undefined) {
      largest = -1;
      for (const label of labels) {
        if (label > largest) largest = label;
        if (label < 0) isNegative = true;
      }
    }
    if (!isNegative && largest < classes) return;
    const at = labels.findIndex((label) => label < 0 || label >= classes);
    const label = labels[at] as number;
    const {of} = owner;
    const there =
      classes === 1 ? `${of} has one class, 0` : `${of} has ${classes} classes, 0 to ${classes - 1}`;
    const advice = label < 0 ? "leave out rows that have none" : owner.more(largest + 1);
    throw new ArgumentError(
      `${placeOf(data, at)} is ${label}, but ${there}: number classes from 0, or ${advice}.`
    );
  };
}

function placeOf({name, tokens, labelShape}: Dataset, at: number): string {
  if (tokens) return `Token ${at + 1} of ${name}`;
  const size = sizeOf(labelShape);
  if (size === 1) return `The label of row ${at} of ${name}`;
  return `Label ${at % size} of row ${Math.floor(at / size)} of ${name}`;
}
