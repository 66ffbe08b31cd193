import * as tf from "../tfjs.ts";
import type {WebGpuBackend} from "../tfjs-webgpu.ts";
import {captureStep} from "./capture.ts";
import {FreedStateError} from "./freed-state.ts";
import type {Spec} from "./plan.ts";
import type {Leaf, StepFunction, StepInput} from "./planned-steps.ts";
import type {Recorded} from "./step-kind.ts";

/** One run's steps in ordinary operations, and what they leave behind. */
export class RunSteps {
  /** The state as ordinary tensors: while there is no plan, or as a copy that was asked for. */
  leaves: readonly Leaf[] | undefined;
  /** The state's numbers, undefined in the place of tensors. */
  numbers: readonly (number | undefined)[];
  /** What the last step gave besides the state, if it was an ordinary one. */
  outputs: readonly tf.Tensor[] = [];
  readonly run: StepFunction;

  /** The state's tensors are taken over and freed. */
  constructor(run: StepFunction, state: readonly Leaf[]) {
    this.run = run;
    this.leaves = state;
    this.numbers = numbersOf(state);
  }

  /** Does a step; with a backend it is written down. */
  step(before: readonly Leaf[], inputs: readonly StepInput[]): undefined;
  step(before: readonly Leaf[], inputs: readonly StepInput[], backend: WebGpuBackend): Recorded;
  step(before: readonly Leaf[], inputs: readonly StepInput[], backend?: WebGpuBackend): Recorded | undefined {
    const tensors = inputs.map(tensorOf);
    const run = () => {
      const next = this.run(before, tensors);
      return {...next, nextState: tensorsIn(next.state)};
    };
    try {
      if (!backend) {
        this.advance(run());
        return undefined;
      }
      const shapes = tensorsIn(before).map(({shape, dtype}) => ({shape, dtype}));
      const {result, recording} = captureStep(backend, tensorsIn(before), tensors, run);
      this.advance(result);
      const isReshaped = !sameSpecs(shapes, tensorsIn(result.state));
      return {recording, increments: incrementsOf(before, result.state), isReshaped};
    } finally {
      // One that was passed on is no longer ours.
      disposeLeaves(tensors, [...(this.leaves ?? []), ...this.outputs]);
    }
  }

  /** The numbers after a step that was replayed, by how much they change in it. */
  count(increments: readonly number[]): void {
    this.numbers = this.numbers.map((number, i) =>
      number === undefined ? undefined : number + (increments[i] ?? 0)
    );
  }

  /** Throws a FreedStateError where somebody has disposed tensors of the state. */
  checkLeaves(): void {
    const freed = tensorsIn(this.leaves ?? []).find(({isDisposed}) => isDisposed);
    if (!freed) return;
    throw new FreedStateError(
      `A tensor of the training's state, ${freed.dtype} [${freed.shape.join(", ")}], was disposed while the training went on. The tensors of \`state\` and \`params\` belong to the training, which frees them itself: leave them, and dispose copies (tf.clone) of them.`
    );
  }

  forgetLeaves(): void {
    disposeLeaves(this.leaves ?? [], []);
    this.leaves = undefined;
  }

  dropOutputs(): void {
    disposeLeaves(this.outputs, this.leaves ?? []);
    this.outputs = [];
  }

  dispose(): void {
    this.dropOutputs();
    this.forgetLeaves();
    this.leaves = [];
  }

  private advance({state, outputs}: ReturnType<StepFunction>): void {
    const before = this.leaves ?? [];
    for (const leaf of [...state, ...outputs]) if (isTensor(leaf)) tf.keep(leaf);
    this.leaves = state;
    this.outputs = [...outputs];
    disposeLeaves(before, [...state, ...outputs]);
    this.numbers = numbersOf(state);
  }
}

const isTensor = (leaf: Leaf): leaf is tf.Tensor => typeof leaf !== "number";

export const tensorsIn = (leaves: readonly Leaf[]) => leaves.filter(isTensor);

/** Whether tensors have the same shapes and types, one by one. */
export const sameSpecs = (a: readonly Spec[], b: readonly Spec[]) =>
  a.length === b.length &&
  a.every(({shape, dtype}, i) => dtype === b[i]?.dtype && shape.join() === b[i].shape.join());

const numbersOf = (leaves: readonly Leaf[]) =>
  leaves.map((leaf) => (typeof leaf === "number" ? leaf : undefined));

function tensorOf({values, shape}: StepInput): tf.Tensor {
  return tf.keep(tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32"));
}

function disposeLeaves(leaves: readonly Leaf[], except: readonly Leaf[]): void {
  for (const leaf of leaves) if (isTensor(leaf) && !except.includes(leaf) && !leaf.isDisposed) leaf.dispose();
}

function incrementsOf(before: readonly Leaf[], after: readonly Leaf[]): number[] {
  return after.map((leaf, i) => (typeof leaf === "number" ? leaf - Number(before[i]) : 0));
}
