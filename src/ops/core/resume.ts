// What a saved training says about where it was: checked against what it is to go on with.
import type {Dataset} from "../datasets/dataset.ts";
import {tf, tidy} from "../tf.ts";
import {type Checkpoint, decodeCheckpoint} from "./checkpoint.ts";
import {ArgumentError, ShapeError} from "./errors.ts";
import type {Key} from "./key.ts";
import type {Layer} from "./layer.ts";
import type {Optimizer, OptimizerState} from "./optimizers/optimizer.ts";
import {entries, type Params} from "./tree.ts";

/** What a training that goes on has in common with the one of then. */
export interface Continuation {
  batchSize: number;
  rows: number;
  optimizer: Optimizer;
  /** The one that was asked for, if any. */
  key: Key | undefined;
}

/** A saved training. @throws ArgumentError or ShapeError when model, data or options are other than then; its tensors are freed. */
export function resumed<P extends Params>(
  file: Uint8Array,
  model: Layer<P>,
  data: Dataset,
  now: Continuation
): Checkpoint<P> & {dispose(): void} {
  const saved = decodeCheckpoint<P>(file);
  try {
    checkPlace(saved, data, now);
    tidy(() => {
      const params = model.init(saved.key.fold(0), data.inputShape);
      checkParams(saved.state.params, params);
      checkOptimizer(saved.state.optimizerState, now.optimizer.init(params), "optimizer");
    });
    return saved;
  } catch (error) {
    saved.dispose();
    throw error;
  }
}

function checkPlace({data: then, key}: Checkpoint, data: Dataset, now: Continuation): void {
  const isSameData = then.hash === undefined || data.hash === undefined || then.hash === data.hash;
  if (then.batchSize !== now.batchSize || then.rows !== now.rows || !isSameData) {
    throw new ArgumentError(
      `The saved training took batches of ${then.batchSize} from ${then.rows} rows of ${then.name}; now they are ${now.batchSize} from ${now.rows} rows of ${data.name}${isSameData ? "" : " with other content"}: its place in the data would be another.`
    );
  }
  if (now.key && now.key.words.join() !== key.words.join())
    throw new ArgumentError("The saved training has another key: leave out `key`, or pass the one of then.");
}

/** The same tensors by path, in the same shapes. */
function checkParams(found: Params, expected: Params): void {
  const saved = new Map(entries(found).map(({path, leaf}) => [path, leaf.shape]));
  for (const {path, leaf} of entries(expected)) {
    const shape = saved.get(path);
    if (!shape) throw new ArgumentError(`The saved training is of another model: it has no ${path}.`);
    if (shape.join() !== leaf.shape.join()) {
      throw new ShapeError(
        `${path}: the model has the shape [${leaf.shape.join(", ")}], the saved training [${shape.join(", ")}].`
      );
    }
    saved.delete(path);
  }
  const [extra] = saved.keys();
  if (extra !== undefined)
    throw new ArgumentError(`The saved training is of another model: it has ${extra} besides.`);
}

/** The same names all the way down; lists may have grown since the first step. */
function checkOptimizer(found: unknown, expected: OptimizerState, path: string): void {
  if (typeof expected !== "object" || expected === null) return;
  const isList = Array.isArray(expected);
  const isTensor = expected instanceof tf.Tensor;
  const isSameKind =
    typeof found === "object" &&
    found !== null &&
    Array.isArray(found) === isList &&
    found instanceof tf.Tensor === isTensor;
  const names = isTensor ? [] : Object.keys(expected);
  const there = isSameKind && !isTensor ? Object.keys(found) : [];
  const other = names.find((name) => !there.includes(name)) ?? there.find((name) => !names.includes(name));
  if (!isSameKind || (other !== undefined && !(isList && there.length > names.length))) {
    throw new ArgumentError(
      `The saved training has another optimizer: its state differs at ${other === undefined ? path : `${path}/${other}`}. Pass the one of then.`
    );
  }
  for (const name of names) {
    const child = (node: unknown) => (node as Record<string, OptimizerState>)[name];
    checkOptimizer(child(found), child(expected) as OptimizerState, `${path}/${name}`);
  }
}
