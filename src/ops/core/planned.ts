import {type Leaf, PlannedSteps, type PlanReport, type StepInput} from "../../gpu/plan/planned-steps.ts";
import {kindName} from "../../gpu/plan/step-kind.ts";
import {type Tensor, tidy} from "../tf.ts";
import {breathe} from "./breathe.ts";
import {ArgumentError} from "./errors.ts";
import {type Key, key as keyOf, stepKey} from "./key.ts";
import {leaves, map, type Tree, unflatten} from "./tree.ts";

/** What a step of an own training loop gives back. */
export interface PlannedResult<S> {
  /** The state after it: a tree of the same structure. */
  state: S;
  /** Further tensors by name: the loss, say. */
  outputs?: Readonly<Record<string, Tensor>>;
}

export interface PlannedOptions {
  /** Parent of the keys that steps are given; key(0) by default. */
  key?: Key;
  /** False does every step in ordinary operations. */
  plan?: boolean;
}

/**
 * A training loop of one's own that is replayed on webgpu, as `fit` is: the step is recorded twice, and when both did the same,
 * those that follow are replayed in one submit, with the same bits. The state is a tree of tensors and of numbers that count
 * steps; inputs are values, which are written to the GPU's memory. What else changes from step to step has to be in the state,
 * the inputs or the key: a step that computes with anything else is not recorded, and `report` says why.
 *
 * @example
 * import {adam, applyGradients, initTrainState, key, mlp, planned, softmaxCrossEntropy, valueAndGrad} from "petri/core";
 * import {xor} from "petri/datasets";
 *
 * const {inputs, labels} = xor({n: 200});
 * const model = mlp([2, 16, 2]);
 * const optimizer = adam({learningRate: 0.02});
 * const slope = valueAndGrad((params, x, y) => softmaxCrossEntropy(model.apply(params, x), y));
 * const loop = planned((state, [x, y]) => {
 *   const [loss, grads] = slope(state.params, x, y);
 *   return {state: applyGradients(state, grads, optimizer), outputs: {loss}};
 * }, initTrainState(model.init(key(0)), optimizer));
 * const losses = [];
 * for (let step = 0; step < 100; ++step) {
 *   loop.step({values: inputs, shape: [200, 2]}, {values: labels, shape: [200]});
 *   const loss = loop.take("loss");
 *   losses.push((await loss.data())[0]);
 *   loss.dispose();
 * }
 * loop.dispose();
 * display(Plot.lineY(losses).plot({height: 180, x: {label: "step"}, y: {label: "loss"}}));
 */
export function planned<S extends object>(
  step: (state: S, inputs: readonly Tensor[], key: Key) => PlannedResult<S>,
  state: S,
  options: PlannedOptions = {}
): Planned<S> {
  return new Planned(step, state, options);
}

/** A loop made by `planned`. */
export class Planned<S extends object> {
  private readonly steps: PlannedSteps;
  private readonly outline: S;
  /** The names of outputs, by kind of step. */
  private readonly names = new Map<string, readonly string[]>();
  /** The kind of the last step. */
  private kind = "";

  /** It takes over the tensors of the state. */
  constructor(
    step: (state: S, inputs: readonly Tensor[], key: Key) => PlannedResult<S>,
    state: S,
    {key = keyOf(0), plan = true}: PlannedOptions
  ) {
    this.outline = state;
    const run = (before: readonly Leaf[], inputs: readonly Tensor[]) =>
      tidy(() => {
        const next = step(
          unflatten(state, before) as unknown as S,
          inputs,
          stepKey(key, this.steps.done + 1)
        );
        const outputs = next.outputs ?? {};
        this.names.set(this.kind, Object.keys(outputs));
        // In the order of the state that it began with, whatever order the step puts it in.
        const ordered = map(
          (_, _path, leaf) => leaf,
          state as unknown as Tree<Leaf>,
          next.state as unknown as Tree<Leaf>
        );
        return {state: leaves(ordered as Tree<Leaf>), outputs: Object.values(outputs)};
      });
    this.steps = new PlannedSteps(run, leaves(state as unknown as Tree<Leaf>), {plan});
  }

  /** Steps made so far. */
  get done(): number {
    return this.steps.done;
  }

  /** The state now. Its tensors live until the next step: clone what is to stay. */
  get state(): S {
    return unflatten(this.outline, this.steps.state) as unknown as S;
  }

  /** Whether steps are replayed, at how many dispatches, and why not. */
  get report(): PlanReport {
    return this.steps.report;
  }

  /**
   * Makes a step with these inputs: float32 or, from an Int32Array, int32. Throws an ArgumentError where an input has not as
   * many values as its shape.
   */
  step(...inputs: StepInput[]): void {
    for (const {values, shape} of inputs) {
      if (values.length === shape.reduce((product, dim) => product * dim, 1)) continue;
      throw new ArgumentError(
        `An input has ${values.length} values, and its shape is [${shape.join(", ")}]: give as many as the shape has.`
      );
    }
    this.kind = kindName([inputs]);
    this.steps.step(inputs);
  }

  /** An output of the last step, the caller's to dispose. Throws an ArgumentError for a name that it did not give. */
  take(name: string): Tensor {
    const names = this.names.get(this.kind) ?? [];
    const index = names.indexOf(name);
    if (index >= 0) return this.steps.takeOutput(index);
    throw new ArgumentError(
      `The last step gave no output ${name}; it gave ${names.join(", ") || "none"}. Return it from the step: {state, outputs: {${name}}}.`
    );
  }

  /** Waits where the GPU is many steps behind, and gives other work of the thread a turn; call it in long loops. */
  async breathe(): Promise<void> {
    await (this.steps.room() ?? breathe());
  }

  /** Frees the state and what was recorded. */
  dispose(): void {
    this.steps.dispose();
  }
}
