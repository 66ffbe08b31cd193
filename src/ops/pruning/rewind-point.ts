import {ArgumentError} from "../core/errors.ts";
import {cloneState, disposeState, type TrainState} from "../core/train-step.ts";
import {clone, type Params} from "../core/tree.ts";
import {tidy} from "../tf.ts";
import {maskMoments} from "./masked.ts";
import {applyMasks, type Masks} from "./masks.ts";

/** The first training state that reaches a step, kept to go back to (Frankle et al. 2020). */
export class RewindPoint<P extends Params> {
  private readonly step: number;
  private kept: TrainState<P> | undefined;

  constructor(step: number) {
    this.step = step;
  }

  /** Shows it a state; it copies the one it waits for. */
  visit(state: TrainState<P>): void {
    if (this.kept === undefined && state.step === this.step) this.kept = cloneState(state);
  }

  /** The state of that step with the pruned weights, and their moments, at zero. The caller owns it. */
  ticket(masks: Masks): TrainState<P> {
    const kept = this.kept;
    if (!kept)
      throw new ArgumentError(
        `Step ${this.step}, to rewind to, was never reached: train longer or rewind less.`
      );
    return tidy(() => ({
      params: applyMasks(kept.params, masks),
      optimizerState: maskMoments(kept.optimizerState, kept.params, masks),
      modelState: clone(kept.modelState),
      step: kept.step
    }));
  }

  dispose(): void {
    if (this.kept) disposeState(this.kept);
  }
}
