// What is known of the steps with inputs of the same shapes.
import {doubts} from "./doubts.ts";
import type {Plan, Spec} from "./plan.ts";
import type {StepInput} from "./planned-steps.ts";
import {difference, type Recording} from "./recording.ts";

/** A step that was written down. */
export interface Recorded {
  recording: Recording;
  /** By how much the numbers of the state changed. */
  increments: readonly number[];
  /** A tensor of the state has another shape or type after it. */
  isReshaped: boolean;
}

export const RESHAPED = "a tensor of its state changes its shape";

/** Steps of one name are of one kind: their inputs have the same shapes and types. */
export function kindName(inputs: readonly (readonly StepInput[])[]): string {
  const nameOf = ({shape, values}: StepInput) =>
    `${shape.join("x")}${values instanceof Int32Array ? " whole" : ""}`;
  return inputs.map((own) => own.map(nameOf).join()).join("; ");
}

/** So many steps are tried in vain before a kind is given up. */
const MOST_ATTEMPTS = 6;

/** Steps of one kind: what was recorded of them in every run, and the plan that came of it. */
export class StepKind {
  plan: Plan | undefined;
  /** Of the outputs of a step. */
  specs: readonly Spec[] = [];
  /** Why they are never replayed. */
  refused: string | undefined;
  private last: {recorded: readonly Recorded[]; at: number} | undefined;
  private attempts = 0;
  /** What the plan was last compared at: doubts that were known, and the step at which it is compared again. */
  private doubts = doubts.count;
  private nextCheck = 0;

  /** The plan, unless its memory is gone or it has to compare itself first: after 8, 16, 32, ... steps, or in doubt. */
  planFor(done: number): Plan | undefined {
    const {plan} = this;
    const isTrusted = plan?.isAlive && this.doubts === doubts.count && done < this.nextCheck;
    return isTrusted ? plan : undefined;
  }

  /** By how much the numbers of a run's state change in a step. */
  increments(run: number): readonly number[] {
    return this.last?.recorded[run]?.increments ?? [];
  }

  /** It is never replayed again. */
  refuse(reason: string): void {
    this.plan?.dispose();
    this.plan = undefined;
    this.refused = reason;
  }

  /** How many steps after the recorded one this is. */
  ahead(done: number): number {
    return done - (this.last?.at ?? 0);
  }

  /**
   * Takes in what the runs just recorded, step number `at`. The answer is true where two equal steps have been seen and a plan
   * can be made; a plan that no longer holds is freed.
   */
  learn(recorded: readonly Recorded[], at: number): boolean {
    const {last} = this;
    this.doubts = doubts.count;
    this.nextCheck = Math.max(8, 2 * at);
    const reasons = recorded.map((each, run) =>
      reasonAgainst(each, last?.recorded[run], at - (last?.at ?? 0))
    );
    const reason = reasons.find((each) => each !== undefined);
    if (this.plan?.isAlive && last && reason === undefined) return false;
    this.plan?.dispose();
    this.plan = undefined;
    this.last = {recorded, at};
    ++this.attempts;
    if (reason === undefined) return last !== undefined;
    if (this.attempts >= MOST_ATTEMPTS || recorded.some(({recording}) => recording.refused)) {
      this.refused = reason;
      this.last = undefined;
    }
    return false;
  }
}

/** Why a step is not what the one before it leads to expect, or cannot be replayed at all. */
function reasonAgainst(now: Recorded, last: Recorded | undefined, ahead: number): string | undefined {
  const {recording} = now;
  if (recording.state.length !== recording.nextState.length) return "its state grows";
  if (now.isReshaped) return RESHAPED;
  if (!last) return recording.refused;
  return difference(last.recording, recording, ahead) ?? countsDiffer(last.increments, now.increments);
}

function countsDiffer(a: readonly number[], b: readonly number[]): string | undefined {
  return a.every((increment, i) => increment === b[i])
    ? undefined
    : "a number in the state does not change by the same amount at every step";
}
