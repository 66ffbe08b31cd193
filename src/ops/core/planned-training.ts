import type {PlanReport} from "../../gpu/plan/planned-steps.ts";
import type {Tensor} from "../tf.ts";
import type {Feed} from "./feed.ts";
import type {Wanted} from "./fit-update.ts";
import {PackedTraining, type PackedTrainingOptions, type TrainingRun} from "./packed-training.ts";
import type {TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/** The steps of one training, replayed from recorded ones where the backend can do that. */
export class PlannedTraining<P extends Params> {
  private readonly training: PackedTraining<P>;

  /** It takes over the tensors of the state. */
  constructor(run: TrainingRun<P>, feed: Feed, options: PackedTrainingOptions) {
    this.training = new PackedTraining([run], feed, options);
  }

  /** Updates made so far. */
  get step(): number {
    return this.training.step;
  }

  /** The state now; its tensors live until the next step. */
  get state(): TrainState<P> {
    return this.training.state(0);
  }

  /** The optimizer's state with its numbers alone. */
  get optimizerCounts(): TrainState["optimizerState"] {
    return this.training.optimizerCounts(0);
  }

  get report(): PlanReport {
    return this.training.report;
  }

  /** True when the last step was a replayed one: its results may be read while the next ones go on. */
  get isReplaying(): boolean {
    return this.training.isReplaying;
  }

  /** Makes an update with these rows of the data. */
  update(rows: Int32Array, wanted: Wanted): void {
    this.training.update([rows], wanted);
  }

  /** Something that was wanted of the last update; the caller's. */
  take(index: number): Tensor {
    return this.training.take(index, 0);
  }

  /** Waits where the GPU is far behind. */
  room(): Promise<unknown> | undefined {
    return this.training.room();
  }

  dispose(): void {
    this.training.dispose();
  }
}
