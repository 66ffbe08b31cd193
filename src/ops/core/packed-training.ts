import {PackedSteps, type RunStart} from "../../gpu/plan/packed-steps.ts";
import type {Leaf, PlanReport, StepInput} from "../../gpu/plan/planned-steps.ts";
import type {Tensor} from "../tf.ts";
import {splitRows} from "./batches.ts";
import type {Feed} from "./feed.ts";
import type {Update, Wanted} from "./fit-update.ts";
import {type Key, stepKey} from "./key.ts";
import {countsWithin} from "./optimizers/counts-within.ts";
import type {Optimizer, OptimizerState} from "./optimizers/optimizer.ts";
import type {TrainState} from "./train-step.ts";
import {leaves, type Params, type Tree, unflatten} from "./tree.ts";

export interface PackedTrainingOptions {
  /** Pieces in which a batch is taken. */
  accumulate: number;
  /** False: every step in ordinary operations. */
  plan: boolean;
}

/** One of the runs of a training. */
export interface TrainingRun<P extends Params> {
  update: Update<P>;
  /** Says which steps are unlike the others. */
  optimizer: Optimizer;
  /** Its tensors are taken over. */
  state: TrainState<P>;
  /** Parent of the keys of steps. */
  keys: Key;
}

/**
 * The steps of trainings of one shape side by side, replayed together where the backend can do that; where the runs turn out
 * to do different things, each is replayed by itself.
 */
export class PackedTraining<P extends Params> {
  /** Updates made so far. */
  step: number;
  private readonly feed: Feed;
  private readonly options: PackedTrainingOptions;
  private readonly optimizers: readonly Optimizer[];
  /** One for all runs, or one for each. */
  private parts: readonly PackedSteps[];
  /** Why the runs are not packed. */
  private apart: string | undefined;
  /** Have the structure of the states. */
  private readonly outlines: TrainState<P>[];
  /** Of the last step in ordinary operations: the updates of the optimizer's state, and by how much its numbers grew. */
  private readonly made: {updates: number; growth: readonly number[]}[] = [];
  /** Of the step under way. */
  private wanted: Wanted = "nothing";
  private shares: readonly number[] = [];

  constructor(runs: readonly TrainingRun<P>[], feed: Feed, options: PackedTrainingOptions) {
    this.feed = feed;
    this.options = options;
    this.optimizers = runs.map(({optimizer}) => optimizer);
    this.outlines = runs.map(({state}) => state);
    this.step = this.outlines[0]?.step ?? 0;
    const starts = runs.map((run, i) => this.start(run, i));
    this.parts = [new PackedSteps(starts, {plan: options.plan})];
  }

  /** The state of a run now; its tensors live until the next step. */
  state(run: number): TrainState<P> {
    const [steps, index] = this.partOf(run);
    return this.treeOf(steps.state(index), run);
  }

  /** The state of a run's optimizer with its numbers alone. */
  optimizerCounts(run: number): TrainState["optimizerState"] {
    const [steps, index] = this.partOf(run);
    return this.treeOf(steps.counts(index) as readonly Leaf[], run).optimizerState;
  }

  get report(): PlanReport {
    const reports = this.parts.map(({report}) => report);
    const [first] = reports as [PlanReport, ...PlanReport[]];
    if (this.apart === undefined) return first;
    const sum = (field: "dispatches" | "bytes") =>
      reports.reduce((total, {[field]: value = 0}) => total + value, 0);
    const own = {status: first.status, reason: `the runs are not packed: ${this.apart}`};
    return first.status === "recorded" ? {...own, dispatches: sum("dispatches"), bytes: sum("bytes")} : own;
  }

  /** True when the last step was a replayed one: its results may be read while the next ones go on. */
  get isReplaying(): boolean {
    return this.parts.every(({lastPlan}) => lastPlan !== undefined);
  }

  /** Makes an update in every run, each with its rows of the data, as many in one as in another. */
  update(rows: readonly Int32Array[], wanted: Wanted): void {
    this.splitIfRefused();
    const parts = rows.map((own) => splitRows(own, this.options.accumulate));
    this.shares = (parts[0] ?? []).map(({length}) => length / (rows[0]?.length ?? 1));
    // What is recorded computes the figures, whoever wants them; replayed steps leave them out where nobody does.
    const isPlanning = this.parts.some((steps) => steps.isPlanning);
    this.wanted = wanted === "nothing" && isPlanning ? "figures" : wanted;
    const isIrregular = this.optimizers.some((_, run) => this.isIrregular(run));
    this.give(
      parts.map((own) => own.flatMap((part) => this.feed.inputs(part))),
      {isSingular: isIrregular || wanted === "outputs", wantsOutputs: wanted !== "nothing"}
    );
    ++this.step;
  }

  /** Something that was wanted of a run's last update; the caller's. */
  take(index: number, run: number): Tensor {
    const [steps, place] = this.partOf(run);
    return steps.takeOutput(index, place);
  }

  /** Waits where the GPU is far behind. */
  room(): Promise<unknown> | undefined {
    return this.parts.at(-1)?.room();
  }

  dispose(): void {
    for (const steps of this.parts) steps.dispose();
    this.feed.dispose();
  }

  private start({update, state, keys}: TrainingRun<P>, index: number): RunStart {
    const {width} = this.feed;
    const run = (before: readonly Leaf[], inputs: readonly Tensor[]) => {
      const batch = this.shares.map((share, i) => ({
        inputs: inputs.slice(i * width, (i + 1) * width),
        share
      }));
      const key = stepKey(keys, this.step + 1);
      const state = this.treeOf(before, index);
      const {updates = 1, ...next} = update(state, batch, key, this.wanted);
      this.outlines[index] = next.state;
      this.made[index] = {updates, growth: updates > 1 ? growthOf(state, next.state) : []};
      return {state: leavesOf(next.state), outputs: next.results};
    };
    return {run, state: leavesOf(state)};
  }

  /** Whether one of the updates of the next step is unlike ordinary ones. */
  private isIrregular(run: number): boolean {
    const optimizer = this.optimizers[run];
    if (!optimizer?.isIrregular) return false;
    const {updates, growth} = this.made[run] ?? {updates: 1, growth: []};
    const each = countsWithin(this.optimizerCounts(run), updates, growth);
    return each.some((counts: OptimizerState) => optimizer.isIrregular?.(counts));
  }

  private give(inputs: readonly StepInput[][], options: Parameters<PackedSteps["step"]>[1]): void {
    const {parts} = this;
    if (parts.length === 1) parts[0]?.step(inputs, options);
    else for (const [run, own] of inputs.entries()) parts[run]?.step([own], options);
  }

  /** What is done one by one in all runs may still be replayed run by run. */
  private splitIfRefused(): void {
    const [all] = this.parts as [PackedSteps];
    if (this.outlines.length === 1 || this.apart !== undefined || !all.isInVain) return;
    this.apart = all.report.reason;
    this.parts = all.split();
  }

  private partOf(run: number): [PackedSteps, number] {
    const {parts} = this;
    return parts.length === 1 ? [parts[0] as PackedSteps, run] : [parts[run] as PackedSteps, 0];
  }

  private treeOf(state: readonly Leaf[], run: number): TrainState<P> {
    const {params, optimizerState, modelState, step} = this.outlines[run] as TrainState<P>;
    return unflatten({params, optimizerState, modelState, step}, state) as unknown as TrainState<P>;
  }
}

/** By how much the numbers of the optimizer's state grew, 0 in the place of tensors. */
function growthOf({optimizerState: before}: TrainState, {optimizerState: after}: TrainState): number[] {
  const old = leaves<Leaf>(before);
  return leaves<Leaf>(after).map((count, i) => (typeof count === "number" ? count - Number(old[i]) : 0));
}

function leavesOf({params, optimizerState, modelState, step}: TrainState): Leaf[] {
  return leaves({params, optimizerState, modelState, step} as Tree<Leaf>);
}
