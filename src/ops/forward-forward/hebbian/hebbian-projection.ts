import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {type Initializer, lecunNormal} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {asLayerwise} from "../../core/optimizers/layerwise.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {orthonormal} from "../../core/orthogonal.ts";
import {initTrainState, type TrainState} from "../../core/train-step.ts";
import {clone, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {rowsOf} from "../block.ts";
import {checkGiven, checkKey} from "../checks.ts";
import {backwardNetwork, checkFeedbackOptions, type FeedbackOptions} from "../feedback/backward-rule.ts";
import type {StackLayerParams, StackParams} from "../stack.ts";
import {type Lateral, ojaStep, withoutRows} from "./lateral.ts";

/** How many lateral units: for every layer the same, or a number for each. Layers with fewer inputs get as many as these. */
export type LateralUnits = number | readonly number[];

export interface HebbianProjectionOptions extends Omit<FeedbackOptions, "useBias"> {
  /** Lateral units of each layer for the first task: directions of its inputs that later tasks shall leave alone. */
  lateralUnits: LateralUnits;
  /** Learning rate of lateral units, 0.01 by default. */
  lateralRate?: number;
  /** Share of the running mean of their changes that stays in a step, 0.9 by default. */
  lateralMomentum?: number;
  /** Their steps on each batch, 5 by default. */
  lateralIterations?: number;
  /** How errors go back: through the transposed kernels ("exact", the default), fixed "random" ones, or the kernels' "sign" / sqrt(inputs). */
  feedback?: "exact" | "random" | "sign";
  /** Of random feedback, LeCun's by default. */
  feedbackInit?: Initializer;
}

/** What is kept for a layer. */
type LayerState = Lateral & {feedback?: Tensor};

const NAME = "hebbianProjection";

/**
 * Hebbian learning of orthogonal projections, for one task after the other (Xiao, Meng, Zhang, He, Lin, ICLR 2024): beside each dense
 * layer lateral units H learn the principal directions of its inputs by Oja's rule. From the second task on (see `nextTask`) the
 * gradient of a kernel is made with x - H^T H x in the place of the input x, H being the units of earlier tasks: inputs as they
 * were then get the same answers as before. No biases, which such a projection cannot hold. Use plain or momentum sgd: an optimizer
 * that scales each number by itself leaves the subspace. Dense layers alone, rate-coded where the paper's network spikes.
 * Throws ArgumentErrors for convolutions and for numbers of units that are none.
 *
 * @example
 * import {evaluate, fit, key, sgd} from "petri/core";
 * import {digits, subset} from "petri/datasets";
 * import {hebbianProjection, nextTask} from "petri/forward-forward";
 *
 * const all = await digits();
 * const rowsOf = (wanted) => Array.from(all.labels.keys()).filter((row) => wanted(all.labels[row]));
 * const tasks = [subset(all, rowsOf((label) => label < 5)), subset(all, rowsOf((label) => label >= 5))];
 * const model = hebbianProjection({layers: [64, 10], lateralUnits: 20});
 * const optimizer = sgd({learningRate: 0.1});
 * let state;
 * for (const task of tasks) {
 *   const training = fit(model, task, {steps: 60, optimizer, ...(state && {state})});
 *   for await (const row of training);
 *   state = nextTask(training.state, {lateralUnits: 10, optimizer, key: key(1)});
 *   display(await Promise.all(tasks.map((each) => evaluate(model, training.params, each))));
 *   training.dispose();
 * }
 */
export function hebbianProjection(options: HebbianProjectionOptions): Layer<StackParams> {
  checkFeedbackOptions(NAME, options, {
    lateralUnits: true,
    lateralRate: true,
    lateralMomentum: true,
    lateralIterations: true,
    feedback: true,
    feedbackInit: true
  });
  const {lateralRate: rate = 0.01, lateralMomentum: momentum = 0.9, lateralIterations = 5} = options;
  const {lateralUnits, feedback = "exact", feedbackInit = lecunNormal, layers = []} = options;
  checkNumber("lateralRate", rate, 0);
  checkNumber("lateralMomentum", momentum, 0, 1);
  checkCount("lateralIterations", lateralIterations);
  if (!["exact", "random", "sign"].includes(feedback))
    throw new ArgumentError(`feedback must be "exact", "random" or "sign", got ${String(feedback)}.`);
  if ("useBias" in options)
    throw new ArgumentError(
      `${NAME} has no biases: no projection keeps what they learned. Leave useBias out.`
    );
  if (Array.isArray(layers) && layers.some((spec) => typeof spec !== "number"))
    throw new ArgumentError(`${NAME} is for dense layers alone: give their units.`);
  if (Array.isArray(layers)) checkUnits(lateralUnits, layers.length);
  const oja = {rate, momentum, iterations: lateralIterations};
  const own = {...options, useBias: false};
  return backwardNetwork(own, {
    name: NAME,
    keeps({inputShape, kernelShape}, key, index) {
      const [own, back] = key.split(2) as [Key, Key];
      const lateral = freshLateral(own, unitsOf(lateralUnits, index), inputShape[0] as number);
      return feedback === "random" ? {...lateral, feedback: feedbackInit(back, kernelShape)} : lateral;
    },
    upstream: (index, {stack, params, state, passed, delta}) => {
      const name = stack.names[index] as string;
      const {kernel} = params[name] as StackLayerParams;
      const back = {
        exact: () => kernel,
        sign: () => tf.div(tf.sign(kernel), Math.sqrt(kernel.shape[0] as number)),
        random: () => (state[name] as LayerState).feedback as Tensor
      }[feedback]();
      return stack.back(index, back, delta, passed.inputs[index] as Tensor);
    },
    seen: (index, {stack, state, passed}) => {
      const {old} = state[stack.names[index] as string] as LayerState;
      const x = rowsOf(passed.inputs[index] as Tensor);
      return old ? withoutRows(x, old) : x;
    },
    nextState: ({stack, state, passed}) =>
      Object.fromEntries(
        stack.names.map((name, i) => [
          name,
          ojaStep(rowsOf(passed.inputs[i] as Tensor), state[name] as LayerState, oja)
        ])
      )
  });
}

export interface NextTaskOptions {
  /** Lateral units of each layer for the task that comes. */
  lateralUnits: LateralUnits;
  /** The optimizer of the next training: it begins afresh, without what it remembers of the last task. */
  optimizer: Optimizer;
  /** Of the new lateral units. */
  key: Key;
}

/**
 * The state that the training of the next task goes on from, `fit(model, nextData, {state: nextTask(...)})`: what lateral units have
 * learned is kept from now on, and new ones stand beside them. The tensors are new; the caller frees them, and the old ones.
 * Throws an ArgumentError for a state that is not of a `hebbianProjection`, and where a layer's inputs have no room for new units.
 */
export function nextTask<P extends Params>(state: TrainState<P>, options: NextTaskOptions): TrainState<P> {
  checkGiven("nextTask", options, "{lateralUnits, optimizer, key}");
  checkKey("nextTask", options.key);
  const kept = state?.modelState?.[NAME] as Record<string, LayerState> | undefined;
  if (!kept) throw new ArgumentError(`nextTask takes the state of a training of ${NAME}: this one has none.`);
  const {lateralUnits, optimizer, key} = options;
  checkUnits(lateralUnits, Object.keys(kept).length);
  return tidy(() => {
    const grown = Object.entries(kept).map(([name, {rows, old, feedback}], i) => {
      const all = old ? tf.concat([old, rows]) : tf.clone(rows);
      const [count = 0, inputs = 0] = all.shape;
      const units = Math.min(unitsOf(lateralUnits, i), inputs - count);
      if (units < 1)
        throw new ArgumentError(
          `${name} has ${inputs} inputs, and lateral units for all of them: nothing is left that another task could learn. Give earlier tasks fewer units.`
        );
      const fresh = freshLateral(key.fold(i), units, inputs);
      return [name, {...fresh, old: all, ...(feedback && {feedback: tf.clone(feedback)})}];
    });
    const params = clone(state.params);
    const {optimizerState} = initTrainState(params, asLayerwise(optimizer));
    return {params, optimizerState, modelState: {[NAME]: Object.fromEntries(grown)}, step: 0};
  });
}

/** Orthonormal rows that have learned nothing yet; no more than there are inputs. */
function freshLateral(key: Key, units: number, inputs: number): Lateral {
  const count = Math.min(units, inputs);
  const values = Float32Array.from(orthonormal(key.normal(count * inputs), count, inputs));
  return {rows: tf.tensor(values, [count, inputs]), momentum: tf.zeros([count, inputs])};
}

const unitsOf = (units: LateralUnits, index: number): number =>
  typeof units === "number" ? units : (units[index] as number);

function checkUnits(units: LateralUnits, layers: number): void {
  if (typeof units === "number") {
    checkCount("lateralUnits", units);
    return;
  }
  if (!Array.isArray(units) || units.length !== layers)
    throw new ArgumentError(
      `lateralUnits must be a number, or one for each of the ${layers} layers, got ${JSON.stringify(units)}.`
    );
  for (const [i, each] of units.entries()) checkCount(`lateralUnits[${i}]`, each);
}
