import {type Leaf, PlannedSteps, type PlanReport} from "../../gpu/plan/planned-steps.ts";
import type {Tensor} from "../tf.ts";
import {splitRows} from "./batches.ts";
import type {Feed} from "./feed.ts";
import type {Update, Wanted} from "./fit-update.ts";
import {type Key, stepKey} from "./key.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import type {TrainState} from "./train-step.ts";
import {leaves, type Params, type Tree, unflatten} from "./tree.ts";

export interface PlannedTrainingOptions {
  /** Says which steps are unlike the others. */
  optimizer: Optimizer;
  /** Pieces in which a batch is taken. */
  accumulate: number;
  /** False: every step in ordinary operations. */
  plan: boolean;
  /** Parent of the keys of steps. */
  keys: Key;
}

/** The steps of a training, replayed from recorded ones where the backend can do that. */
export class PlannedTraining<P extends Params> {
  private readonly steps: PlannedSteps;
  private readonly feed: Feed;
  private readonly options: PlannedTrainingOptions;
  private readonly first: number;
  /** Has the structure of the state. */
  private outline: TrainState<P>;
  /** Of the step under way. */
  private wanted: Wanted = "nothing";
  private shares: readonly number[] = [];

  /** It takes over the tensors of the state. */
  constructor(update: Update<P>, feed: Feed, state: TrainState<P>, options: PlannedTrainingOptions) {
    this.feed = feed;
    this.options = options;
    this.outline = state;
    this.first = state.step;
    const run = (before: readonly Leaf[], inputs: readonly Tensor[]) => {
      const batch = this.shares.map((share, i) => ({
        inputs: inputs.slice(i * feed.width, (i + 1) * feed.width),
        share
      }));
      const key = stepKey(options.keys, this.step + 1);
      const next = update(this.treeOf(before), batch, key, this.wanted);
      this.outline = next.state;
      return {state: leavesOf(next.state), outputs: next.results};
    };
    this.steps = new PlannedSteps(run, leavesOf(state), {plan: options.plan});
  }

  /** Updates made so far. */
  get step(): number {
    return this.first + this.steps.done;
  }

  /** The state now; its tensors live until the next step. */
  get state(): TrainState<P> {
    return this.treeOf(this.steps.state);
  }

  /** The optimizer's state with its numbers alone. */
  get optimizerCounts(): TrainState["optimizerState"] {
    return this.treeOf(this.steps.counts as readonly Leaf[]).optimizerState;
  }

  get report(): PlanReport {
    return this.steps.report;
  }

  get planned(): PlannedSteps {
    return this.steps;
  }

  /** True when the last step was a replayed one: its results may be read while the next ones go on. */
  get isReplaying(): boolean {
    return this.steps.lastPlan !== undefined;
  }

  /** Makes an update with these rows of the data. */
  update(rows: Int32Array, wanted: Wanted): void {
    const parts = splitRows(rows, this.options.accumulate);
    this.shares = parts.map(({length}) => length / rows.length);
    // A plan always computes the figures: two kinds of steps would be two plans.
    this.wanted = wanted === "nothing" && this.steps.isPlanning ? "figures" : wanted;
    const isIrregular = this.options.optimizer.isIrregular?.(this.optimizerCounts) ?? false;
    this.steps.step(
      parts.flatMap((part) => this.feed.inputs(part)),
      isIrregular || wanted === "outputs"
    );
  }

  /** Something that was wanted of the last update; the caller's. */
  take(index: number): Tensor {
    return this.steps.takeOutput(index);
  }

  /** Waits where the GPU is far behind. */
  room(): Promise<unknown> | undefined {
    return this.steps.room();
  }

  dispose(): void {
    this.steps.dispose();
    this.feed.dispose();
  }

  private treeOf(state: readonly Leaf[]): TrainState<P> {
    const {params, optimizerState, modelState, step} = this.outline;
    return unflatten({params, optimizerState, modelState, step}, state) as unknown as TrainState<P>;
  }
}

function leavesOf({params, optimizerState, modelState, step}: TrainState): Leaf[] {
  return leaves({params, optimizerState, modelState, step} as Tree<Leaf>);
}
