import type {Module} from "@observablehq/runtime";
import {Activity} from "./activity.ts";
import {fallbackBuiltins, type ImportModule, notebookImportError, runtimeHooks} from "./builtins.ts";
import {describeError} from "./cell-error.ts";
import {CellRuntime} from "./cell-runtime.ts";
import {type CellStatusSource, cellStatus} from "./cell-status.ts";
import {type Clock, immediateClock} from "./clock.ts";
import {CompileCache} from "./compile-cache.ts";
import {StoppedError} from "./errors.ts";
import {evaluateBody, HEADER_LINES, sourceUrl} from "./evaluate.ts";
import {EvaluationLog, type ProvenanceOptions} from "./evaluation-log.ts";
import {startingWith} from "./generators.ts";
import {Graph} from "./graph.ts";
import {release} from "./held.ts";
import {Part} from "./part.ts";
import {planCell} from "./plan.ts";
import {ReactiveRuntime} from "./reactive-runtime.ts";
import {contribution, type KnownTables, SessionNames} from "./session-names.ts";
import type {Cell, CellContext, CellOutput, CellStatus, GraphEdge, Notebook, RuntimeHooks} from "./types.ts";
import {loadTypeScript, typeScriptLoaded} from "./typescript.ts";

/** What a session is given by the page; all of it can be had without one. */
export interface SessionOptions {
  notebook: Notebook;
  /** Called once for each cell. */
  createOutput(cell: Cell): CellOutput;
  /** Values by name; a function is called for its value when a cell first reads the name. */
  builtins: Record<string, unknown>;
  /** Builtins made anew for each evaluation of a cell that reads them. A cell that defines the name goes first. */
  cellBuiltins?: Record<string, (context: CellContext) => unknown>;
  clock?: Clock;
  importModule: ImportModule;
  /** import.meta.resolve; by default addresses relative to the notebook's. */
  resolveModule?(specifier: string): string;
  /** Generators.input: the values of an input element as a generator. */
  input(element: unknown): unknown;
  /** Yields whenever a known table has changed. */
  tableChanges?(name: string): AsyncIterable<unknown>;
  /** Tables, views and macros that `db` has without a cell creating them. */
  knownTables?: KnownTables;
  /** How evaluations are remembered and told of; none are without it. */
  provenance?: ProvenanceOptions;
  /** lazy: a change marks the cells that depend on it stale instead of computing them. */
  execution?: "automatic" | "lazy";
  /** Milliseconds since the epoch. */
  now?(): number;
  /** Address of the notebook, for import.meta. */
  baseUrl?: string;
}

interface Entry extends CellStatusSource {
  /** The cell whose code runs: `ran`, but for comments and the like. */
  defined: Cell;
  revision: number;
}

/**
 * A notebook that is running: its cells as variables of a dataflow. Dispatches "status" (detail: CellStatus), at
 * most once a cell and frame, and "settled" when nothing is queued or running any more.
 */
export class NotebookSession extends EventTarget {
  readonly #options: SessionOptions;
  readonly #now: () => number;
  readonly #runtime: ReactiveRuntime;
  readonly #module: Module;
  readonly #hooks: RuntimeHooks;
  readonly #local: Map<string, (context: CellContext) => unknown>;
  readonly #entries = new Map<number, Entry>();
  /** Deleted cells, which undo may bring back. */
  readonly #deleted = new Map<number, Entry>();
  readonly #compiler = new CompileCache();
  readonly #permitted = new Set<number>();
  readonly #activity: Activity;
  readonly #log: EvaluationLog | null;
  readonly #knownTables: KnownTables;
  #names: SessionNames;
  #graph: Graph | null = null;
  #loading = 0;
  #disposed = false;

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
    this.#now = options.now?.bind(options) ?? Date.now;
    const clock = options.clock ?? immediateClock();
    this.#runtime = new ReactiveRuntime({...fallbackBuiltins, ...options.builtins}, clock);
    this.#activity = this.#watch(clock);
    this.#log = options.provenance ? this.#openLog(options.provenance) : null;
    this.#runtime.onComputed = () => this.#activity.computed();
    this.#module = this.#runtime.module();
    this.#hooks = runtimeHooks(options.importModule, options.baseUrl, options.resolveModule);
    this.#local = new Map(Object.entries(options.cellBuiltins ?? {}));
    this.#local.set("signal", ({signal}) => signal);
    this.#knownTables = (options.tableChanges && options.knownTables) || new Map();
    this.#names = this.#readNames();
    this.update(options.notebook.cells);
  }

  /** The state of every cell, in the order of the notebook. */
  cells(): CellStatus[] {
    return [...this.#entries.values()].map((entry) => this.#status(entry));
  }

  /** The state of one cell; undefined when the notebook has no such cell. */
  status(id: number): CellStatus | undefined {
    const entry = this.#entries.get(id);
    return entry && this.#status(entry);
  }

  /**
   * Takes the source that these cells (default: all) have in the document. Cells whose code or whose names'
   * meaning changed are computed, and what depends on them; failed, stopped and stale ones too. `force` computes
   * all of them, whatever was edited. The promise resolves when the definitions stand, not the values: see `settled`.
   */
  async run(ids?: Iterable<number>, {force = false}: {force?: boolean} = {}): Promise<void> {
    const entries = ids ? [...ids].flatMap((id) => this.#entries.get(id) ?? []) : [...this.#entries.values()];
    if (entries.some(({source}) => source.mode === "ts") && !typeScriptLoaded()) {
      this.#loading++;
      // Without the compiler its cells say so, and the others run.
      await loadTypeScript().catch(() => {});
      this.#loading--;
    }
    // A cell may have been deleted while the compiler was loading.
    const present = entries.filter((entry) => this.#entries.get(entry.source.id) === entry);
    if (!this.#disposed) this.#apply(present, force);
  }

  /**
   * Takes the document's cells: new, deleted, moved or edited ones. Nothing new runs before `run`; a deleted
   * cell's names are gone at once, and a cell that undo brings back runs again, or shows what it had.
   */
  update(cells: readonly Cell[]): void {
    const order = [...this.#entries.keys()];
    const reordered = order.length !== cells.length || cells.some((cell, i) => cell.id !== order[i]);
    const restored = reordered ? this.#reorder(cells) : [];
    for (const cell of cells) {
      const entry = this.#entries.get(cell.id);
      if (!entry || entry.source === cell) continue;
      entry.source = cell;
      this.#activity.mark(entry.runtime);
    }
    if (!reordered) return;
    this.#rename();
    for (const entry of restored) this.#define(entry, false);
    this.#graph = null;
  }

  /** Aborts a cell's evaluation, and those that wait for it. What they show stays. */
  stop(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry?.runtime.stop()) return;
    for (const other of this.graphOf().descendants([id])) {
      const {runtime} = this.#entries.get(other) ?? {};
      if (runtime?.activity === "queued") runtime.stop();
    }
  }

  stopAll(): void {
    for (const {runtime} of this.#entries.values()) runtime.stop();
  }

  /** Resolves when nothing is queued or running; a cell that waits for the reader counts as done. */
  async settled(): Promise<CellStatus[]> {
    await this.#activity.settled();
    return this.cells();
  }

  /** The next value of a name, or the one it has. Rejects as the cell that defines it does. */
  value(name: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (settle: (result: unknown) => void) => (result: unknown) => {
        part.dispose();
        settle(release(result));
      };
      // A variable of its own, which follows when the name's cell is computed again before it has come to an end.
      const part = new Part(this.#module, undefined, {
        changed: () => {},
        fulfilled: end(resolve),
        rejected: end(reject)
      });
      part.variable.define(null, [name], (value: unknown) => value);
    });
  }

  /** The names of all builtins. */
  get builtins(): string[] {
    return [...new Set([...this.#runtime._builtin._scope.keys(), ...this.#local.keys(), "display", "view"])];
  }

  graph(): GraphEdge[] {
    return this.graphOf().edges;
  }

  /** Tells of the evaluations that stand, without waiting for how long they do. */
  async tellEvaluated(): Promise<void> {
    await this.#log?.flush();
  }

  dispose(): void {
    this.#disposed = true;
    void this.#log?.flush();
    for (const {runtime} of this.#entries.values())
      runtime.dispose(new StoppedError("The notebook was closed."));
    this.#runtime.dispose();
    this.#activity.dispose();
  }

  graphOf(): Graph {
    this.#graph ??= new Graph(
      [...this.#entries.values()].map(({runtime}) => ({
        id: runtime.id,
        defines: runtime.variables,
        reads: runtime.plan?.inputs ?? []
      }))
    );
    return this.#graph;
  }

  /** Takes the cells there are now, in their order; returns those that were deleted before. */
  #reorder(cells: readonly Cell[]): Entry[] {
    const ids = new Set(cells.map((cell) => cell.id));
    for (const [id, entry] of this.#entries) if (!ids.has(id)) this.#delete(id, entry);
    const former = new Map(this.#entries);
    this.#entries.clear();
    const restored: Entry[] = [];
    for (const cell of cells) {
      const entry = former.get(cell.id) ?? this.#deleted.get(cell.id) ?? this.#create(cell);
      if (this.#deleted.delete(cell.id) && entry.ran) restored.push(entry);
      this.#entries.set(cell.id, entry);
    }
    return restored;
  }

  #create(cell: Cell): Entry {
    const runtime: CellRuntime = new CellRuntime(cell.id, this.#options.createOutput(cell), {
      module: this.#module,
      local: this.#local,
      log: this.#log,
      input: (element) => this.#options.input(element),
      now: this.#now,
      changed: (target) => this.#activity.mark(target),
      permit: (target) => this.#permit(target),
      describe: (error, {id, compiled}) =>
        describeError(error, {cellId: id, compiled, graph: this.graphOf(), headerLines: HEADER_LINES})
    });
    return {runtime, source: cell, ran: null, defined: cell, revision: 0};
  }

  #openLog(options: ProvenanceOptions): EvaluationLog {
    return new EvaluationLog(options, {
      now: this.#now,
      cells: () => this.#runtimes(),
      source: (id) => this.#entries.get(id)?.defined,
      places: () => new Map([...this.#entries.keys()].map((id, i) => [id, i]))
    });
  }

  #delete(id: number, entry: Entry): void {
    entry.runtime.dispose(new StoppedError(`Cell ${id} was deleted.`));
    this.#deleted.set(id, entry);
    this.#activity.forget(entry.runtime);
    this.#graph = null;
  }

  #apply(entries: readonly Entry[], force: boolean): void {
    const lazy = this.#options.execution === "lazy";
    const due = new Set<Entry>();
    // Lazily, a cell that was not asked for is defined as well, so that those it needs are known.
    const asked = new Set(entries);
    if (lazy) entries = [...this.#entries.values()].filter((entry) => asked.has(entry) || entry.ran === null);
    let renames = false;
    for (const entry of entries) {
      const {runtime, source, ran} = entry;
      renames ||= this.#contribution(ran) !== this.#contribution(source);
      if (force || runtime.current?.stopped || (runtime.error && runtime.plan) || runtime.stale)
        due.add(entry);
      entry.ran = source;
    }
    const defined = renames ? this.#rename() : new Set<Entry>();
    // The runtime computes what was defined last first; from the end, so that cells run from the top.
    for (const entry of entries.toReversed()) {
      if (!defined.has(entry) && this.#define(entry, due.has(entry))) defined.add(entry);
    }
    this.#graph = null;
    if (lazy) this.#request([...defined].filter((entry) => asked.has(entry)));
  }

  /** Plans all cells again when names have got other meanings; returns those that were defined anew. */
  #rename(): Set<Entry> {
    const names = this.#readNames();
    const same = names.signature === this.#names.signature;
    this.#names = names;
    if (same) return new Set();
    const entries = [...this.#entries.values()].toReversed().filter((entry) => this.#define(entry, false));
    this.#graph = null;
    return new Set(entries);
  }

  #contribution(cell: Cell | null): string {
    return contribution(cell ? this.#compiler.compile(cell).compiled : undefined);
  }

  #readNames(): SessionNames {
    const compiled = [...this.#entries.values()].flatMap(({ran}) => {
      const result = ran && this.#compiler.compile(ran);
      return result?.compiled ?? [];
    });
    return new SessionNames(compiled, new Set(this.#local.keys()), this.#knownTables);
  }

  /** Brings a cell's definition up to date; false when it stands already. */
  #define(entry: Entry, force: boolean): boolean {
    const {runtime, ran} = entry;
    if (!ran) return false;
    const {compiled, error} = this.#compiler.compile(ran);
    if (!compiled) {
      runtime.fail(error, runtime.defines);
      return true;
    }
    const plan = planCell(compiled, this.#names);
    if (!force && plan.key === runtime.plan?.key && runtime.parts.length > 0) {
      runtime.adopt(compiled);
      return false;
    }
    for (const name of plan.inputs) this.#ensureTable(name);
    const notebookImport =
      compiled.notebookImport === undefined ? undefined : notebookImportError(compiled.notebookImport);
    try {
      const url = sourceUrl(runtime.id, entry.revision++);
      const fn = evaluateBody(compiled.body, url, {...this.#hooks, notebookImport});
      entry.defined = ran;
      this.#log?.defined(plan);
      runtime.define(compiled, plan, fn, force);
    } catch (cause) {
      runtime.fail(cause, runtime.defines);
    }
    return true;
  }

  /** A known table becomes a variable when a cell first reads it. */
  #ensureTable(name: string): void {
    const table = /^table:([^@]*)$/.exec(name)?.[1];
    if (table === undefined || this.#module._scope.has(name)) return;
    const changes = this.#options.tableChanges;
    if (changes) this.#module.define(name, [], () => startingWith(0, changes(table)));
  }

  #permit(cell: CellRuntime): boolean {
    if (this.#options.execution !== "lazy" || this.#permitted.delete(cell.id)) return true;
    cell.stale = true;
    this.#activity.mark(cell);
    return false;
  }

  /** Lets these cells run, and those they need that are not up to date. */
  #request(entries: readonly Entry[]): void {
    const ids = entries.map(({runtime}) => runtime.id);
    for (const id of ids) this.#permitted.add(id);
    for (const id of this.graphOf().ancestors(ids)) {
      const {runtime} = this.#entries.get(id) ?? {};
      if (!runtime || this.#permitted.has(id) || !(runtime.stale || runtime.startedAt === undefined))
        continue;
      this.#permitted.add(id);
      runtime.recompute();
    }
  }

  #status(entry: Entry): CellStatus {
    const {id, activity} = entry.runtime;
    const blocked = activity === "queued" && this.#activity.isBlocked(id);
    return cellStatus(entry, this.#compiler, blocked);
  }

  #watch(clock: Clock): Activity {
    const session = this;
    return new Activity({
      clock,
      get busy() {
        return !session.#disposed && (session.#loading > 0 || session.#runtime.hasUpdates);
      },
      cells: () => session.#runtimes(),
      graph: () => session.graphOf(),
      changed: (cell) => {
        session.#log?.touch(cell);
        const detail = session.status(cell.id);
        if (detail) session.dispatchEvent(new CustomEvent("status", {detail}));
      },
      settled: () => session.dispatchEvent(new Event("settled"))
    });
  }

  /** The cells that may still do something. */
  *#runtimes(): Iterable<CellRuntime> {
    if (this.#disposed) return;
    for (const {runtime} of this.#entries.values()) yield runtime;
  }
}
