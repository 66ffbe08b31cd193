import * as tf from "../tfjs.ts";
import {type WebGpuBackend, webGpuBackend} from "../tfjs-webgpu.ts";
import {captureStep} from "./capture.ts";
import type {Place} from "./layout.ts";
import {Plan, type Spec} from "./plan.ts";
import {difference, type Recording} from "./recording.ts";
import {StateStore} from "./state-store.ts";

/** What a step hands on: tensors, and numbers that count steps. */
export type Leaf = tf.Tensor | number;

/** Values for a step, of a shape that is the same for all steps of one kind. */
export interface StepInput {
  values: Float32Array | Int32Array;
  shape: readonly number[];
}

/**
 * One step in ordinary operations: the state's leaves and the inputs as tensors -> the next leaves and what else came out. It
 * frees neither what it is given nor what it returns.
 */
export type StepFunction = (
  state: readonly Leaf[],
  inputs: readonly tf.Tensor[]
) => {state: readonly Leaf[]; outputs: readonly tf.Tensor[]};

/** What became of the steps of one kind. */
export interface PlanReport {
  /** recorded: steps are replayed. waiting: two equal steps have not been seen yet. refused: they never will be. */
  status: "recorded" | "waiting" | "refused";
  /** Why steps are done one by one. */
  reason?: string;
  /** Dispatches and bytes of a recorded step. */
  dispatches?: number;
  bytes?: number;
}

/** So many steps are tried in vain before a kind is given up. */
const MOST_ATTEMPTS = 6;

/** The queue is watched every so many steps: the GPU is at most twice that behind. */
const STEPS_A_MARK = 16;

interface Kind {
  attempts: number;
  last?: {recording: Recording; at: number; increments: readonly number[]};
  plan?: Plan;
  specs: readonly Spec[];
  refused?: string;
  /** What the plan was last compared at: doubts that were known, and the step at which it is compared again. */
  doubts: number;
  nextCheck: number;
}

/** Counts what happens outside of steps that they may depend on; see `doubtPlans`. */
let doubts = 0;

/** Every plan compares itself with an ordinary step before it goes on: something was changed that a step may have read. */
export function doubtPlans(): void {
  ++doubts;
}

/**
 * Does steps one after the other, as a plan where that can be had: two steps of a kind (inputs of the same shapes) are
 * recorded, and when they did the same, those that follow are replayed. Their results have the same bits. From time to time a
 * step is done in the ordinary way and compared, so that a plan that no longer holds is given up. On wasm and cpu every step
 * is an ordinary one.
 */
export class PlannedSteps {
  /** Steps done. */
  done = 0;
  private readonly run: StepFunction;
  private readonly backend: WebGpuBackend | undefined;
  private readonly kinds = new Map<string, Kind>();
  /** The state as ordinary tensors: while there is no plan, or as a copy that was asked for. */
  private leaves: readonly Leaf[] | undefined;
  private numbers: readonly (number | undefined)[];
  private increments: readonly number[] = [];
  private store: StateStore | undefined;
  /** What the last step gave besides the state. */
  private results: {tensors: tf.Tensor[]} | {plan: Plan; specs: readonly Spec[]} | undefined;
  /** Places in the GPU's queue that it has not reached. */
  private readonly marks: Promise<void>[] = [];

  /** The state's tensors are taken over and freed. */
  constructor(run: StepFunction, state: readonly Leaf[], options: {plan?: boolean} = {}) {
    this.run = run;
    this.leaves = state;
    this.numbers = numbersOf(state);
    this.backend = options.plan === false ? undefined : webGpuBackend();
  }

  /** The state's leaves now. They live until the next step and belong to this object: clone what is to stay. */
  get state(): readonly Leaf[] {
    if (!this.leaves) {
      const tensors = (this.store as StateStore).tensors();
      let next = 0;
      this.leaves = this.numbers.map((number) => number ?? tf.keep(tensors[next++] as tf.Tensor));
    }
    return this.leaves;
  }

  /** True where steps may be recorded: on WebGPU, as long as not all kinds of them were refused. */
  get isPlanning(): boolean {
    if (!this.backend) return false;
    const kinds = [...this.kinds.values()];
    return kinds.length === 0 || kinds.some(({refused}) => refused === undefined);
  }

  /** Does a step; with `isSingular` it is never recorded. */
  step(inputs: readonly StepInput[], isSingular = false): void {
    this.dropResults();
    const kind = isSingular ? undefined : this.kindOf(inputs);
    if (!kind || kind.refused !== undefined) this.ordinary(inputs);
    else if (kind.plan && this.isTrusted(kind, kind.plan)) this.replay(kind.plan, kind, inputs);
    else this.recorded(kind, inputs);
    ++this.done;
  }

  /** Waits until the GPU is no more than some steps behind; undefined where it is. */
  room(): Promise<unknown> | undefined {
    return this.marks.length > 1 ? this.marks[0] : undefined;
  }

  /** The state's numbers, undefined in the place of tensors. */
  get counts(): readonly (number | undefined)[] {
    return this.numbers;
  }

  /** An output of the last step, which belongs to the caller. */
  takeOutput(index: number): tf.Tensor {
    const {results} = this;
    if (!results) throw new Error("There are no outputs before the first step.");
    if ("plan" in results) return results.plan.output(index, results.specs[index] as Spec);
    return tf.clone(results.tensors[index] as tf.Tensor);
  }

  /** Where an output of the last step lies on the GPU, if that was a replayed one. */
  outputPlace(index: number): Place | undefined {
    const {results} = this;
    return results && "plan" in results ? results.plan.outputPlace(index) : undefined;
  }

  /** How the steps are done, for people: of the kind that was replayed or tried most. */
  get report(): PlanReport {
    const kinds = [...this.kinds.values()];
    const recorded = kinds.find(({plan}) => plan);
    if (recorded?.plan) {
      const {dispatches, bytes} = recorded.plan;
      return {status: "recorded", dispatches, bytes: bytes + (this.store?.bytes ?? 0)};
    }
    if (!this.backend) return {status: "refused", reason: `plans need WebGPU; this is ${tf.getBackend()}`};
    const refused = kinds.find((kind) => kind.refused !== undefined)?.refused;
    return refused === undefined ? {status: "waiting"} : {status: "refused", reason: refused};
  }

  /** The plan whose step was the last one, for measurements. */
  get lastPlan(): Plan | undefined {
    return this.results && "plan" in this.results ? this.results.plan : undefined;
  }

  dispose(): void {
    this.dropResults();
    disposeLeaves(this.leaves ?? [], []);
    this.leaves = [];
    for (const {plan} of this.kinds.values()) plan?.dispose();
    this.kinds.clear();
    this.store?.dispose();
    this.store = undefined;
  }

  private kindOf(inputs: readonly StepInput[]): Kind | undefined {
    if (!this.backend) return undefined;
    const name = inputs.map(({shape}) => shape.join("x")).join();
    const kind = this.kinds.get(name) ?? {attempts: 0, specs: [], doubts, nextCheck: 0};
    this.kinds.set(name, kind);
    return kind;
  }

  /** Plans are compared with an ordinary step after 8, 16, 32, ... steps, and when somebody called doubtPlans. */
  private isTrusted(kind: Kind, plan: Plan): boolean {
    return plan.isAlive && kind.doubts === doubts && this.done < kind.nextCheck;
  }

  private replay(plan: Plan, kind: Kind, inputs: readonly StepInput[]): void {
    const ahead = this.done - (kind.last?.at ?? 0);
    this.forgetLeaves();
    this.results = {plan, specs: kind.specs};
    plan.replay(
      ahead,
      inputs.map(({values}) => values)
    );
    if (this.done % STEPS_A_MARK === 0) this.mark();
    this.numbers = this.numbers.map((number, i) =>
      number === undefined ? undefined : number + (this.increments[i] ?? 0)
    );
  }

  /** A step in ordinary operations. */
  private ordinary(inputs: readonly StepInput[]): void {
    const tensors = inputs.map(tensorOf);
    try {
      const {state, outputs} = this.run(this.state, tensors);
      this.advance(state, outputs);
    } finally {
      this.drop(tensors);
    }
  }

  /** A step in ordinary operations that is written down, and compared with what was written down before. */
  private recorded(kind: Kind, inputs: readonly StepInput[]): void {
    const backend = this.backend as WebGpuBackend;
    const before = this.state;
    const tensors = inputs.map(tensorOf);
    try {
      const {result, recording} = captureStep(backend, tensorsIn(before), tensors, () => {
        const next = this.run(before, tensors);
        return {...next, nextState: tensorsIn(next.state)};
      });
      const increments = incrementsOf(before, result.state);
      this.advance(result.state, result.outputs);
      this.learn(kind, {recording, at: this.done, increments}, result.outputs);
    } finally {
      this.drop(tensors);
    }
  }

  private learn(
    kind: Kind,
    now: {recording: Recording; at: number; increments: readonly number[]},
    outputs: readonly tf.Tensor[]
  ): void {
    const {last} = kind;
    kind.doubts = doubts;
    kind.nextCheck = Math.max(8, 2 * this.done);
    const reason =
      now.recording.state.length !== now.recording.nextState.length
        ? "its state grows"
        : last
          ? (difference(last.recording, now.recording, now.at - last.at) ??
            countsDiffer(last.increments, now.increments))
          : now.recording.refused;
    if (kind.plan?.isAlive && last && reason === undefined) return;
    kind.plan?.dispose();
    delete kind.plan;
    kind.last = now;
    ++kind.attempts;
    if (last && reason === undefined) {
      this.increments = now.increments;
      kind.specs = outputs.map(({shape, dtype}) => ({shape, dtype}));
      this.plan(kind, now.recording);
    } else if (reason !== undefined && (kind.attempts >= MOST_ATTEMPTS || now.recording.refused)) {
      kind.refused = reason;
      delete kind.last;
    }
  }

  private plan(kind: Kind, recording: Recording): void {
    const backend = this.backend as WebGpuBackend;
    const tensors = tensorsIn(this.state);
    try {
      this.store ??= new StateStore(backend, tensors);
      kind.plan = new Plan(backend, recording, this.store);
      this.store.load(tensors);
    } catch (error) {
      kind.refused = error instanceof Error ? error.message : String(error);
      const isFirst = ![...this.kinds.values()].some(({plan}) => plan);
      if (isFirst) {
        this.store?.dispose();
        this.store = undefined;
      }
    }
  }

  /** The state after an ordinary step. */
  private advance(state: readonly Leaf[], outputs: readonly tf.Tensor[]): void {
    const before = this.leaves ?? [];
    for (const leaf of [...state, ...outputs]) if (typeof leaf !== "number") tf.keep(leaf);
    this.leaves = state;
    disposeLeaves(before, [...state, ...outputs]);
    this.numbers = numbersOf(state);
    this.results = {tensors: [...outputs]};
    this.store?.load(tensorsIn(state));
  }

  /** Frees inputs, except one that was passed on. */
  private drop(inputs: readonly tf.Tensor[]): void {
    const outputs = this.results && "tensors" in this.results ? this.results.tensors : [];
    disposeLeaves(inputs, [...(this.leaves ?? []), ...outputs]);
  }

  private mark(): void {
    const backend = this.backend as WebGpuBackend;
    const reach = () => {
      this.marks.shift();
    };
    this.marks.push(backend.queue.onSubmittedWorkDone().then(reach, reach));
  }

  private forgetLeaves(): void {
    disposeLeaves(this.leaves ?? [], []);
    this.leaves = undefined;
  }

  private dropResults(): void {
    if (this.results && "tensors" in this.results) {
      disposeLeaves(this.results.tensors, this.leaves ?? []);
    }
    this.results = undefined;
  }
}

const isTensor = (leaf: Leaf): leaf is tf.Tensor => typeof leaf !== "number";
const tensorsIn = (leaves: readonly Leaf[]) => leaves.filter(isTensor);
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

function countsDiffer(a: readonly number[], b: readonly number[]): string | undefined {
  return a.every((increment, i) => increment === b[i])
    ? undefined
    : "a number in the state does not change by the same amount at every step";
}
