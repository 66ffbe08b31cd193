import {currentProfiler} from "../profile.ts";
import * as tf from "../tfjs.ts";
import {countLives, type WebGpuBackend, webGpuBackend} from "../tfjs-webgpu.ts";
import {FreedStateError} from "./freed-state.ts";
import {Plan, type Spec} from "./plan.ts";
import type {Leaf, PlanReport, StepFunction, StepInput} from "./planned-steps.ts";
import {RunSteps, tensorsIn} from "./run-steps.ts";
import {StateStore} from "./state-store.ts";
import {kindName, RESHAPED, type Recorded, StepKind} from "./step-kind.ts";

/** The queue is watched every so many steps: the GPU is at most twice that behind. */
const STEPS_A_MARK = 16;

/** A run to be packed: its step and the state that it begins with, whose tensors are taken over and freed. */
export interface RunStart {
  run: StepFunction;
  state: readonly Leaf[];
}

/**
 * Does the steps of several runs of one shape together, as one plan where that can be had: two steps of a kind (inputs of the
 * same shapes) are recorded in every run, and when each did the same twice, and all runs did the same with other numbers,
 * those that follow are replayed. Their results have the same bits. From time to time a step is done in the ordinary way and
 * compared, so that a plan that no longer holds is given up. On wasm and cpu every step is an ordinary one.
 */
export class PackedSteps {
  /** Steps done. */
  done = 0;
  private readonly runs: readonly RunSteps[];
  private readonly backend: WebGpuBackend | undefined;
  private readonly kinds = new Map<string, StepKind>();
  private store: StateStore | undefined;
  /** Of the last step, if it was a replayed one. */
  private replayed: {plan: Plan; specs: readonly Spec[]; hasOutputs: boolean} | undefined;
  /** Places in the GPU's queue that it has not reached. */
  private readonly marks: Promise<void>[] = [];

  constructor(starts: readonly RunStart[], options: {plan?: boolean | undefined} = {}) {
    this.runs = starts.map(({run, state}) => new RunSteps(run, state));
    this.backend = options.plan === false ? undefined : webGpuBackend();
    if (this.backend) countLives(this.backend);
  }

  /**
   * The leaves of a run's state now. They live until the next step and belong to this object: clone what is to stay. Throws a
   * FreedStateError where somebody else has freed them.
   */
  state(index: number): readonly Leaf[] {
    const run = this.run(index);
    if (!run.leaves) {
      const {store} = this;
      if (!store?.isAlive)
        throw new FreedStateError(
          "The memory of this training was freed, with all that belonged to its run: there is no state left."
        );
      const tensors = store.tensors(index);
      let next = 0;
      run.leaves = run.numbers.map((number) => number ?? tf.keep(tensors[next++] as tf.Tensor));
    }
    run.checkLeaves();
    return run.leaves;
  }

  /** True where steps may be recorded: on WebGPU, as long as not all kinds of them were refused. */
  get isPlanning(): boolean {
    if (!this.backend) return false;
    const kinds = [...this.kinds.values()];
    return kinds.length === 0 || kinds.some(({refused}) => refused === undefined);
  }

  /** True where plans could be had and all kinds of steps were refused. */
  get isInVain(): boolean {
    return this.backend !== undefined && !this.isPlanning;
  }

  /**
   * Does a step in every run; with `isSingular` it is never recorded. Without `wantsOutputs` a replayed step computes the next
   * state alone.
   */
  step(
    inputs: readonly (readonly StepInput[])[],
    {isSingular = false, wantsOutputs = true}: {isSingular?: boolean; wantsOutputs?: boolean} = {}
  ): void {
    this.dropResults();
    const kind = isSingular ? undefined : this.kindOf(inputs);
    const plan = kind?.planFor(this.done);
    if (!kind || kind.refused !== undefined) this.ordinary(inputs);
    else if (plan) this.replay(plan, kind, inputs, wantsOutputs);
    else this.recorded(kind, inputs);
    if (!plan) currentProfiler()?.ordinary(this.report.reason);
    ++this.done;
  }

  /** Waits until the GPU is no more than some steps behind; undefined where it is. */
  room(): Promise<unknown> | undefined {
    return this.marks.length > 1 ? this.marks[0] : undefined;
  }

  /** The numbers of a run's state, undefined in the place of tensors. */
  counts(index: number): readonly (number | undefined)[] {
    return this.run(index).numbers;
  }

  /** An output of a run's last step, which belongs to the caller; one that was asked for. */
  takeOutput(index: number, run: number): tf.Tensor {
    if (this.done === 0) throw new Error("There are no outputs before the first step.");
    const {replayed} = this;
    if (replayed && !replayed.hasOutputs) throw new Error("Nobody asked for the outputs of the last step.");
    if (replayed) return replayed.plan.output(index, replayed.specs[index] as Spec, run);
    return tf.clone(this.run(run).outputs[index] as tf.Tensor);
  }

  /** How the steps are done, for people: of the kind that was replayed or tried most. */
  get report(): PlanReport {
    const kinds = [...this.kinds.values()];
    const plan = kinds.find((kind) => kind.plan)?.plan;
    if (plan) {
      const {dispatches, bytes} = plan;
      return {status: "recorded", dispatches, bytes: bytes + (this.store?.bytes ?? 0)};
    }
    if (!this.backend) return {status: "refused", reason: `plans need WebGPU; this is ${tf.getBackend()}`};
    const refused = kinds.find((kind) => kind.refused !== undefined)?.refused;
    return refused === undefined ? {status: "waiting"} : {status: "refused", reason: refused};
  }

  /** The plan whose step was the last one, for measurements. */
  get lastPlan(): Plan | undefined {
    return this.replayed?.plan;
  }

  /** The runs each by itself: this object is done with. */
  split(): PackedSteps[] {
    const {backend} = this;
    this.dropResults();
    const starts = this.runs.map(({run}, i) => ({run, state: this.state(i)}));
    for (const run of this.runs) run.leaves = [];
    this.dispose();
    return starts.map((start) => new PackedSteps([start], {plan: backend !== undefined}));
  }

  dispose(): void {
    this.replayed = undefined;
    for (const run of this.runs) run.dispose();
    for (const {plan} of this.kinds.values()) plan?.dispose();
    this.kinds.clear();
    this.store?.dispose();
    this.store = undefined;
  }

  private run(index: number): RunSteps {
    return this.runs[index] as RunSteps;
  }

  private kindOf(inputs: readonly (readonly StepInput[])[]): StepKind | undefined {
    if (!this.backend) return undefined;
    const name = kindName(inputs);
    const kind = this.kinds.get(name) ?? new StepKind();
    this.kinds.set(name, kind);
    return kind;
  }

  private replay(
    plan: Plan,
    kind: StepKind,
    inputs: readonly (readonly StepInput[])[],
    hasOutputs: boolean
  ): void {
    for (const run of this.runs) {
      // It could go on without them, but only until a step is done in the ordinary way, and on other backends not at all.
      run.checkLeaves();
      run.forgetLeaves();
    }
    plan.replay(
      kind.ahead(this.done),
      inputs.map((own) => own.map(({values}) => values)),
      hasOutputs
    );
    this.replayed = {plan, specs: kind.specs, hasOutputs};
    if (this.done % STEPS_A_MARK === 0) this.mark();
    for (const [i, run] of this.runs.entries()) run.count(kind.increments(i));
  }

  /** A step in ordinary operations. */
  private ordinary(inputs: readonly (readonly StepInput[])[]): void {
    for (const [i, run] of this.runs.entries()) run.step(this.state(i), inputs[i] ?? []);
    this.load();
  }

  /** A step in ordinary operations that is written down, and compared with what was written down before. */
  private recorded(kind: StepKind, inputs: readonly (readonly StepInput[])[]): void {
    const backend = this.backend as WebGpuBackend;
    const recorded = this.runs.map((run, i) => run.step(this.state(i), inputs[i] ?? [], backend));
    if (kind.learn(recorded, this.done)) this.plan(kind, recorded, backend);
    this.load();
  }

  private plan(kind: StepKind, recorded: readonly Recorded[], backend: WebGpuBackend): void {
    kind.specs = this.run(0).outputs.map(({shape, dtype}) => ({shape, dtype}));
    try {
      this.store ??= new StateStore(backend, tensorsIn(this.state(0)), this.runs.length);
      const recordings = recorded.map(({recording}) => recording);
      kind.plan = new Plan(backend, recordings, this.store);
    } catch (error) {
      kind.refused = error instanceof Error ? error.message : String(error);
    }
  }

  /** Puts the state where plans look for it; without plans nobody does. */
  private load(): void {
    const {store} = this;
    if (!store) return;
    const kinds = [...this.kinds.values()];
    if (!this.runs.every(({leaves}) => store.fits(tensorsIn(leaves ?? []))))
      for (const kind of kinds) kind.refuse(RESHAPED);
    if (!kinds.some(({plan}) => plan)) {
      store.dispose();
      this.store = undefined;
      return;
    }
    for (const [i, {leaves}] of this.runs.entries()) store.load(tensorsIn(leaves ?? []), i);
  }

  private mark(): void {
    const backend = this.backend as WebGpuBackend;
    const reach = () => {
      this.marks.shift();
    };
    this.marks.push(backend.queue.onSubmittedWorkDone().then(reach, reach));
  }

  private dropResults(): void {
    this.replayed = undefined;
    for (const run of this.runs) run.dropOutputs();
  }
}
