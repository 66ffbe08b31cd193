import type {Module} from "@observablehq/runtime";
import {type ArgumentHost, cellArguments, isLoading, loaded, viewOf} from "./cell-arguments.ts";
import type {CompiledCell} from "./compile.ts";
import {StoppedError, UnsupportedCellError, unsupportedMessage} from "./errors.ts";
import {Evaluation, type EvaluationHost} from "./evaluation.ts";
import {boxOf, type Mutable, mutable} from "./generators.ts";
import {hold, release} from "./held.ts";
import {isRepeatable, type Memo, repeat, shapeOf} from "./memo.ts";
import {ownerOf, Part, type PartListener, type PartState} from "./part.ts";
import type {CellPlan} from "./plan.ts";
import {interrupt} from "./reactive-runtime.ts";
import type {Trace, TracedCell, TraceKeeper} from "./trace.ts";
import type {CellError, CellOutput} from "./types.ts";

/** What the cells of a session share. */
export interface CellHost extends ArgumentHost {
  readonly module: Module;
  /** Where evaluations are remembered; null where none are. */
  readonly log: TraceKeeper | null;
  now(): number;
  /** A status may have changed. */
  changed(cell: CellRuntime): void;
  /** Whether the cell's code may run now (lazy execution asks for it first); takes the permission. */
  permit(cell: CellRuntime): boolean;
  describe(error: unknown, cell: CellRuntime): CellError;
}

/** A cell's code, ready to be called. */
export type CellFunction = (...inputs: unknown[]) => unknown;

const NO_VIEWS: ReadonlyMap<unknown, unknown> = new Map();
const SUPERSEDED = new StoppedError("superseded by a newer evaluation");

/** The variables of one cell in the runtime, its current evaluation, and what it shows. */
export class CellRuntime implements EvaluationHost, TracedCell {
  readonly id: number;
  readonly output: CellOutput;
  readonly #host: CellHost;
  current: Evaluation | null = null;
  compiled: CompiledCell | null = null;
  plan: CellPlan | null = null;
  parts: Part[] = [];
  error: CellError | undefined;
  startedAt: number | undefined;
  durationMs: number | undefined;
  /** An input changed and the code has not run since. */
  stale = false;
  /** Whether its change was noted in this frame. */
  marked = false;
  #fn: CellFunction = () => undefined;
  #memo: Memo | null = null;
  #defines: string[] | null = null;

  constructor(id: number, output: CellOutput, host: CellHost) {
    this.id = id;
    this.output = output;
    this.#host = host;
  }

  /** The name that values are shown with. */
  get label(): string | undefined {
    return this.compiled?.output?.replace(/^viewof\$/, "viewof ").replace(/^mutable /, "");
  }

  /** The runtime variables of the cell that have a name. */
  get variables(): string[] {
    return this.parts.flatMap((part) => part.name ?? []);
  }

  /** Names that the cell defines, as other cells write them. */
  get defines(): string[] {
    this.#defines ??= this.variables.filter((name) => !/[ @:]/.test(name));
    return this.#defines;
  }

  get log(): TraceKeeper | null {
    return this.#host.log;
  }

  trace(evaluation: Evaluation): Trace | null {
    return evaluation.trace ?? ((evaluation === this.current && this.log?.traceOf(this)) || null);
  }

  /** The cells that the inputs come from, in the order of `plan.inputs`. */
  get sources(): (TracedCell | null)[] {
    return this.parts[0]?.variable._inputs.map(ownerOf) ?? [];
  }

  get state(): PartState {
    return this.parts[0]?.state ?? "idle";
  }

  /** Whether one evaluation has many values. */
  get streams(): boolean {
    return this.parts.some((part) => part.streams);
  }

  /** The value of the current evaluation, as far as it has come. */
  get value(): unknown {
    return release(this.parts[0]?.variable._value);
  }

  changed(): void {
    this.#host.changed(this);
  }

  /**
   * Puts new code in the place of the old, which is aborted. Code that was finished before, under whatever names,
   * gives the same result on the same inputs without running again, unless `fresh` is set.
   */
  define(compiled: CompiledCell, plan: CellPlan, fn: CellFunction, fresh = false): void {
    this.dispose(SUPERSEDED);
    if (fresh || this.#memo?.shape !== shapeOf(compiled, plan)) this.#memo = null;
    this.compiled = compiled;
    this.plan = plan;
    this.#fn = fn;
    this.error = undefined;
    this.#createParts(compiled, plan);
    this.changed();
  }

  /** Takes an equal compilation of an edited source, so that positions in it are right. */
  adopt(compiled: CompiledCell): void {
    const former = this.compiled;
    this.compiled = compiled;
    if (former?.autodisplay === compiled.autodisplay || this.parts[0]?.state !== "done") return;
    if (compiled.autodisplay) this.current?.replace(this.parts[0].variable._value, this.label);
    else this.output.clear();
  }

  /** Computes again with the code it has. */
  recompute(): void {
    const [part] = this.parts;
    if (!part || !this.compiled || !this.plan) return;
    this.define(this.compiled, this.plan, this.#fn, true);
  }

  /** Shows why there is no code; the names of the last code that was good fail with the same reason. */
  fail(error: unknown, names: readonly string[]): void {
    this.dispose(SUPERSEDED);
    this.plan = null;
    const listener: PartListener = {changed: () => this.changed()};
    for (const name of names) this.#part(listener).variable.define(name, [], () => Promise.reject(error));
    this.#show(error);
    this.changed();
  }

  dispose(reason: Error): void {
    if (this.plan && this.parts.length > 0) this.#memo = this.#remember();
    this.current?.end(reason);
    for (const part of this.parts) part.dispose();
    this.parts = [];
    this.#defines = null;
  }

  /** Aborts what is going on and keeps what is shown. False when nothing was. */
  stop(): boolean {
    const {current} = this;
    const busy = this.parts.filter((part) => part.state === "queued" || part.state === "running");
    if (!current || current.stopped) return false;
    const live = this.parts.some((part) => part.live);
    if (busy.length === 0 && current.tasks === 0 && !live) return false;
    const reason = new StoppedError(`Cell ${this.id} was stopped.`);
    current.stopped = true;
    current.end(reason);
    for (const part of this.parts) interrupt(part.variable, busy.includes(part) ? reason : undefined);
    this.changed();
    return true;
  }

  /** How far the current evaluation is. `waiting`: for the reader, not for the machine. */
  get activity(): "settled" | "waiting" | "queued" | "running" {
    const {current, parts} = this;
    if (current?.stopped || parts.length === 0) return "settled";
    const [main] = parts;
    if (main.state === "queued" || main.state === "idle") return "queued";
    let busy = false;
    for (const part of parts) {
      if (part.waiting) return "waiting";
      if (part.state === "queued" || part.state === "running") busy = true;
    }
    if (busy && current && current.idles > 0) return "waiting";
    return busy || (current?.tasks ?? 0) > 0 ? "running" : "settled";
  }

  /** The current evaluation, if it is finished and can be given again. */
  #remember(): Memo | null {
    const {current, compiled, plan, startedAt = 0} = this;
    if (!current?.isCurrent || !compiled || !plan || this.error || this.stale) return null;
    if (this.activity === "running" || this.activity === "queued" || this.parts.some((p) => p.live))
      return null;
    const shape = shapeOf(compiled, plan);
    const {claimed, cached, result, inputs, trace} = current;
    if (!inputs) return null;
    const shown = current.shown ?? [];
    const views = current.views ?? NO_VIEWS;
    const {outputs} = compiled;
    const memo = {result, inputs, outputs, shown, claimed, cached, startedAt, trace, views};
    return shape !== null && isRepeatable(memo) ? {...memo, shape} : null;
  }

  #createParts(compiled: CompiledCell, plan: CellPlan): void {
    const {outputs, output, autoview, automutable} = compiled;
    const body = this.#body(plan, output === undefined && outputs.length === 1 ? outputs[0] : null);
    if (automutable && output) this.#createMutable(output.slice("mutable ".length), plan, body);
    else if (output !== undefined) {
      this.#main().variable.define(output, plan.inputs, body);
      if (autoview)
        this.#derive(output.slice("viewof$".length), output, (element) => this.#host.input(element));
    } else if (outputs.length < 2) {
      const name = outputs[0] ?? (plan.tables.length > 0 ? `cell ${this.id}` : null);
      this.#main().variable.define(name, plan.inputs, body);
    } else {
      const name = `cell ${this.id}`;
      this.#main().variable.define(name, plan.inputs, body);
      for (const each of outputs) {
        this.#derive(each, name, (exports) => (exports as Record<string, unknown>)[each]);
      }
    }
    for (const name of compiled.unavailable) {
      const error = new UnsupportedCellError(unsupportedMessage(compiled.mode));
      this.#part({changed: () => this.changed()}).variable.define(name, [], () => Promise.reject(error));
    }
    const main = this.parts[0].name ?? "";
    for (const table of plan.tables) this.#derive(table, main, () => ({table}));
  }

  /** `mutable x = value`: x is read as it changes, `mutable$x` is the box that is written to. */
  #createMutable(name: string, plan: CellPlan, body: CellFunction): void {
    const initial = `mutable ${name}`;
    const box = `cell ${this.id}`;
    const listener = this.#mainListener();
    const {pending, rejected, changed} = listener;
    this.#part({pending, rejected, changed}).variable.define(initial, plan.inputs, body);
    this.#derive(box, initial, (value) => [mutable(value)]);
    this.#derive(name, box, (boxed) => (boxed as [Mutable])[0], listener.fulfilled);
    this.#derive(`mutable$${name}`, box, (boxed) => boxOf((boxed as [Mutable])[0]));
  }

  #derive(
    name: string,
    input: string,
    definition: (value: unknown) => unknown,
    fulfilled?: (value: unknown) => void
  ): void {
    const rejected = (error: unknown) => {
      // When the cell itself failed, its parts fail with a worse account of the same.
      if (this.parts[0].state !== "failed") this.#rejected(error);
    };
    const part = this.#part({changed: () => this.changed(), fulfilled, rejected});
    part.variable.define(name, [input], (value: unknown) => {
      part.run();
      const result = hold(definition(release(value)));
      part.produce(result);
      return result;
    });
  }

  #main(): Part {
    return this.#part(this.#mainListener());
  }

  #part(listener: PartListener): Part {
    const part = new Part(this.#host.module, this.output.node, listener, this);
    this.parts.push(part);
    this.#defines = null;
    return part;
  }

  #mainListener(): PartListener {
    return {
      changed: () => this.changed(),
      pending: () => {
        this.current?.end(SUPERSEDED);
        this.current = new Evaluation(this);
        this.output.pending();
      },
      fulfilled: (value) => this.#fulfilled(value),
      rejected: (error) => this.#rejected(error)
    };
  }

  /** The definition that the runtime calls with the values of `plan.inputs`. */
  #body(plan: CellPlan, pick: string | null): CellFunction {
    const cell = this;
    return function (this: unknown, ...values: unknown[]) {
      return cell.#evaluate(this, values, plan, pick);
    };
  }

  #evaluate(former: unknown, values: unknown[], plan: CellPlan, pick: string | null): unknown {
    const evaluation = this.current;
    const [part] = this.parts;
    if (!evaluation) return former;
    for (let i = 0; i < values.length; i++) values[i] = release(values[i]);
    const memo = this.#memo;
    this.#memo = null;
    if (memo && sameValues(memo.inputs, values)) return this.#repeat(memo, evaluation, pick);
    if (!this.#host.permit(this)) return former;
    evaluation.startedAt = this.startedAt = this.#host.now();
    this.stale = false;
    this.error = undefined;
    evaluation.read = values;
    part.run();
    this.changed();
    const args = plan.direct ? values : cellArguments(plan, values, evaluation, this.#host);
    const value = isLoading(args)
      ? loaded(args).then((ready) => this.#fn.apply(former, ready))
      : this.#fn.apply(former, args);
    if (!(value instanceof Promise)) return this.#settle(value, values, evaluation, pick);
    return value.then((result) => this.#settle(result, values, evaluation, pick));
  }

  #settle(result: unknown, inputs: unknown[], evaluation: Evaluation, pick: string | null): unknown {
    evaluation.result = result;
    evaluation.inputs = inputs;
    return this.#produce(result, evaluation, pick);
  }

  #produce(result: unknown, evaluation: Evaluation, pick: string | null): unknown {
    const [part] = this.parts;
    const value = hold(pick === null ? result : (result as Record<string, unknown>)[pick]);
    evaluation.adopt(value);
    part?.produce(value);
    if (part?.waiting) this.changed();
    return value;
  }

  #repeat(memo: Memo, evaluation: Evaluation, pick: string | null): unknown {
    const result = repeat(memo, this.compiled?.outputs ?? [], (element) =>
      viewOf(element, evaluation, this.#host)
    );
    evaluation.restore(memo, result);
    this.startedAt = memo.startedAt;
    return this.#produce(result, evaluation, pick);
  }

  #fulfilled(value: unknown): void {
    const evaluation = this.current;
    if (!evaluation?.isCurrent || evaluation.startedAt === null) return;
    if (!evaluation.restored) this.durationMs = this.#host.now() - evaluation.startedAt;
    if (evaluation.trace) this.log?.end(evaluation.trace, evaluation.cached ? "cached" : "done", this);
    if (this.compiled?.autodisplay && !evaluation.claimed) evaluation.replace(release(value), this.label);
    else evaluation.clear();
  }

  #rejected(error: unknown): void {
    const evaluation = this.current;
    if (evaluation?.startedAt) this.durationMs = this.#host.now() - evaluation.startedAt;
    if (evaluation?.trace) this.log?.fail(evaluation.trace, error);
    if (evaluation?.stopped) return;
    this.#show(error);
  }

  /** Something that the cell started failed; what the cell shows stays. */
  noteFailure(error: unknown): void {
    this.error = this.#host.describe(error, this);
    this.output.note?.(this.error, error);
    this.changed();
  }

  #show(error: unknown): void {
    this.error = this.#host.describe(error, this);
    this.output.error(this.error, error);
  }
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
