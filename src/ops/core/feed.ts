// How rows of a dataset get to a training step.
import {takeBatch, takeWindows} from "../../gpu/kernels/take-batch.ts";
import type {StepInput} from "../../gpu/plan/planned-steps.ts";
import {checkRows, type Dataset, gatherRows, outcomeShape} from "../datasets/dataset.ts";
import {type Tensor, tf} from "../tf.ts";
import type {Batch} from "./batches.ts";

/** Turns row numbers into what a step is given, and that into a batch. */
export interface Feed {
  /** How many inputs a batch takes. */
  readonly width: number;
  inputs(rows: Int32Array): StepInput[];
  batch(inputs: readonly Tensor[]): Batch;
  dispose(): void;
}

/** Datasets up to this size are put on the GPU whole, where a step then fetches its rows itself. */
const MOST_RESIDENT_BYTES = 2 ** 28;

/** The feed that is fastest on the current backend. */
export function feedOf(data: Dataset): Feed {
  const bytes = 4 * Math.max(data.inputs.length, data.tokens?.length ?? 0);
  const isResident = tf.getBackend() === "webgpu" && bytes > 0 && bytes <= MOST_RESIDENT_BYTES;
  return isResident ? residentFeed(data) : copyingFeed(data);
}

/** Rows are gathered in JavaScript and uploaded. */
function copyingFeed(data: Dataset): Feed {
  return {
    width: 2,
    inputs(rows) {
      const {inputs, labels, targets} = gatherRows(data, rows);
      return [
        {values: inputs, shape: [rows.length, ...data.inputShape]},
        {values: targets ?? (labels as Int32Array), shape: [rows.length, ...outcomeShape(data)]}
      ];
    },
    batch: ([x, y]) => ({x: x as Tensor, y: y as Tensor}),
    dispose() {}
  };
}

/** The data lies on the GPU; only row numbers go there. */
function residentFeed(data: Dataset): Feed {
  const {tokens, targets, labels, stride = 1, inputShape} = data;
  const shapes = {inputShape, outcomeShape: outcomeShape(data)};
  const kept = (values: Float32Array | Int32Array) =>
    tf.keep(tf.tensor(values, [values.length], values instanceof Int32Array ? "int32" : "float32"));
  const tensors = tokens ? [kept(tokens)] : [kept(data.inputs), kept(targets ?? labels)];
  return {
    width: 1,
    inputs(rows) {
      checkRows(data, rows);
      return [{values: rows, shape: [rows.length]}];
    },
    batch([ids]) {
      const [first, outcomes] = tensors as [Tensor, Tensor];
      const [x, y] = tokens
        ? takeWindows(first, ids as Tensor, {...shapes, stride})
        : takeBatch(first, outcomes, ids as Tensor, shapes);
      return {x, y};
    },
    dispose: () => tf.dispose(tensors)
  };
}
