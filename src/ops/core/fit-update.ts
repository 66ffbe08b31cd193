import {pair} from "../../gpu/kernels/pair.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {ArgumentError} from "./errors.ts";
import type {Feed} from "./feed.ts";
import {valueAndGrad} from "./grad.ts";
import type {Key} from "./key.ts";
import type {Layer, Learned, Learning, LearningContext, ModelState} from "./layer.ts";
import type {Layerwise} from "./optimizers/layerwise.ts";
import type {Optimizer, OptimizerState} from "./optimizers/optimizer.ts";
import {alignOutputs, type Task} from "./task.ts";
import {applyGradients, type TrainState} from "./train-step.ts";
import {dispose, leaves, map, type Params, type Tree} from "./tree.ts";

interface UpdateOptions {
  optimizer: Optimizer;
  task: Task;
}

interface LearningOptions extends UpdateOptions {
  optimizer: Layerwise;
}

/** What is wanted of a step besides the new state: nothing, loss and accuracy, or what the model gave as well. */
export type Wanted = "nothing" | "figures" | "outputs";

/** What an update leaves behind: the new state, and what was wanted. The tensors belong to the caller. */
interface Updated<P extends Params> {
  state: TrainState<P>;
  /**
   * Of figures, [loss, accuracy, those of the model's own learning]: means over the batch before the update; accuracy is NaN
   * without classes. Of outputs, then those of the model and what they should have been.
   */
  results: Tensor[];
  /** How often the child was updated that was updated most, where that is not once. */
  updates?: number;
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

/** The update of `fit`, by backpropagation or as the network learns. */
export function makeUpdate<P extends Params>(model: Layer<P>, feed: Feed, options: UpdateOptions): Update<P> {
  const {learning} = model;
  return learning
    ? updateByLearning(learning, feed, options as LearningOptions)
    : updateByGradient(model, feed, options);
}

/** The states of layers are threaded through, and a batch may be taken in pieces. */
function updateByGradient<P extends Params>(
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

/** The network's own way: its children are updated while it goes on, each by its part of the optimizer. */
function updateByLearning<P extends Params>(
  learning: Learning<P>,
  feed: Feed,
  {optimizer, task}: LearningOptions
): Update<P> {
  return (state, [part], key, wanted) => {
    const params: Record<string, Params> = {...(state.params as Record<string, Params>)};
    const optimizerState = {...(state.optimizerState as Record<string, OptimizerState>)};
    const modelState: Record<string, Params> = {...state.modelState};
    const fresh: Tensor[] = [];
    const updates = new Map<string, number>();
    /** What is made in a scope of the network's own outlives it. */
    const kept = <T extends Tree<Tensor | number>>(tree: T): T => {
      for (const leaf of leaves<Tensor | number>(tree))
        if (typeof leaf !== "number") fresh.push(tf.keep(leaf));
      return tree;
    };
    const context: LearningContext = {
      training: true,
      key,
      state: state.modelState,
      setState: (path, next) => {
        modelState[path] = kept(next as Tree<Tensor>) as Params;
      },
      updated: (name) => params[name] as Params,
      wantsOutputs: wanted !== "nothing",
      update: (name, grads, isLast = false) => {
        const child = params[name];
        if (child === undefined)
          throw new ArgumentError(
            `update was called for "${name}", which is no child of the parameters: they are ${Object.keys(params).join(", ")}.`
          );
        const own = optimizerState[name] as OptimizerState;
        const next = optimizer.stepChild(name, grads, own, child);
        params[name] = kept(next.params as Tree<Tensor>) as Params;
        optimizerState[name] = kept(next.state);
        updates.set(name, (updates.get(name) ?? 0) + 1);
        if (isLast) {
          const before = [child, own, (state.params as typeof params)[name] as Params];
          dispose(before as Tree<Tensor | number>, [next.params, next.state] as Tree<Tensor | number>);
        }
      }
    };
    /** Frees what was made and is in none of these trees, nor was there before. */
    const freeBut = (...trees: readonly unknown[]) => {
      const before = [state.params, state.optimizerState, state.modelState];
      const needed = new Set(leaves([...before, ...trees] as Tree<Tensor | number>));
      tf.dispose([...new Set(fresh)].filter((tensor) => !needed.has(tensor)));
    };
    try {
      const results = tidy(() => {
        const {x, y} = feed.batch((part as BatchPart).inputs);
        return learnedResults(learning.learn(state.params, x, y, context), y, task, wanted);
      });
      // A child that was updated more than once leaves what it was on the way.
      freeBut(params, optimizerState, modelState);
      const next = {params: params as P, optimizerState, modelState, step: state.step + 1};
      return {state: next, results, updates: Math.max(1, ...updates.values())};
    } catch (error) {
      freeBut();
      throw error;
    }
  };
}

function learnedResults(
  {loss, outputs, figures = []}: Learned,
  y: Tensor,
  task: Task,
  wanted: Wanted
): Tensor[] {
  if (wanted === "nothing") return [];
  const given = outputs();
  const accuracy = task.accuracy ? task.accuracy(given, y).asScalar() : tf.scalar(NaN);
  const both = pair(loss.asScalar(), accuracy);
  const all = figures.length === 0 ? both : tf.concat([both, tf.stack([...figures])]);
  return wanted === "figures" ? [all] : [all, alignOutputs(given, y), y];
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
