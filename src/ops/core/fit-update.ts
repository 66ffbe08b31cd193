import {pair} from "../../gpu/kernels/pair.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import type {Feed} from "./feed.ts";
import {valueAndGrad} from "./grad.ts";
import type {Key} from "./key.ts";
import type {Layer, ModelState} from "./layer.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import {alignOutputs, type Task} from "./task.ts";
import {applyGradients, type TrainState} from "./train-step.ts";
import {map, type Params, type Tree} from "./tree.ts";

interface UpdateOptions {
  optimizer: Optimizer;
  task: Task;
}

/** What is wanted of a step besides the new state: nothing, loss and accuracy, or what the model gave as well. */
export type Wanted = "nothing" | "figures" | "outputs";

/** What an update leaves behind: the new state, and what was wanted. The tensors belong to the caller. */
interface Updated<P extends Params> {
  state: TrainState<P>;
  /**
   * Of figures, [loss, accuracy]: means over the batch before the update; accuracy is NaN without classes. Of outputs, then
   * those of the model and what they should have been.
   */
  results: Tensor[];
}

/** A part of a batch: what the feed gave for it, and its share of the rows. */
export interface BatchPart {
  inputs: readonly Tensor[];
  share: number;
}

/** One update of a model on a batch; it frees nothing that it is given. */
export type Update<P extends Params> = (
  state: TrainState<P>,
  batch: readonly BatchPart[],
  key: Key,
  wanted: Wanted
) => Updated<P>;

interface Piece<P> {
  grads: P;
  loss: Tensor;
  outputs: Tensor;
  changed: Record<string, Params>;
  y: Tensor;
  /** Its share of the batch. */
  share: number;
}

/** The update of `fit`: the states of layers are threaded through, and a batch may be taken in pieces. */
export function makeUpdate<P extends Params>(
  model: Layer<P>,
  feed: Feed,
  {optimizer, task}: UpdateOptions
): Update<P> {
  const gradients = valueAndGrad(
    (params: P, x: Tensor, y: Tensor, key: Key, state: ModelState): [Tensor, Tree<Tensor>] => {
      const changed: Record<string, Params> = {};
      const setState = (path: string, next: Params) => {
        changed[path] = next;
      };
      const added: Tensor[] = [];
      const addLoss = (loss: Tensor) => added.push(loss);
      const context = {training: true, key, state, setState, addLoss};
      const outputs = alignOutputs(model.apply(params, x, context), y);
      const losses = [task.loss(outputs, y), ...added];
      return [losses.length === 1 ? (losses[0] as Tensor) : tf.addN(losses), {outputs, changed}];
    },
    {hasAux: true}
  );
  const pieceOf = (state: TrainState<P>, modelState: ModelState, {inputs, share}: BatchPart, key: Key) =>
    tidy((): Piece<P> => {
      const {x, y} = feed.batch(inputs);
      const [[loss, aux], grads] = gradients(state.params, x, y, key, modelState);
      return {grads, loss, y, share, ...(aux as Pick<Piece<P>, "outputs" | "changed">)};
    });
  return (state, batch, key, wanted) =>
    tidy((): Updated<P> => {
      let {modelState} = state;
      const pieces = batch.map((part, i) => {
        const partKey = batch.length === 1 ? key : key.fold(i);
        const piece = pieceOf(state, modelState, part, partKey);
        modelState = {...modelState, ...piece.changed};
        return piece;
      });
      const next = applyGradients(state, meanGradient(pieces), optimizer);
      return {state: {...next, modelState}, results: resultsOf(pieces, task, wanted)};
    });
}

/** The mean over the rows of all pieces. */
function meanGradient<P extends Params>(pieces: readonly Piece<P>[]): P {
  const [first, ...others] = pieces.map(({grads, share}) =>
    share === 1 ? grads : map((grad: Tensor) => tf.mul(grad, share), grads)
  ) as [P, ...P[]];
  return map(
    (grad: Tensor, _path, ...rest) => (rest.length > 0 ? tf.addN([grad, ...rest]) : grad),
    first as Params,
    ...others
  ) as P;
}

function resultsOf<P extends Params>(pieces: readonly Piece<P>[], task: Task, wanted: Wanted): Tensor[] {
  if (wanted === "nothing") return [];
  const each = pieces.map(({loss, outputs, y, share}) => {
    const accuracy = task.accuracy ? task.accuracy(outputs, y).asScalar() : tf.scalar(NaN);
    const both = pair(loss.asScalar(), accuracy);
    return share === 1 ? both : tf.mul(both, share);
  });
  const figures = each.length === 1 ? (each[0] as Tensor) : tf.addN(each);
  if (wanted === "figures") return [figures];
  return [figures, joined(pieces.map(({outputs}) => outputs)), joined(pieces.map(({y}) => y))];
}

function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : tf.concat([...parts]);
}
