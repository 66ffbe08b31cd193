import type {CellContext} from "../../runtime/types.ts";
import type {DuckDBClient} from "../../tables/client.ts";
import {isFoundEarly, missingRuns} from "../../tables/curve-runs.ts";
import type {EarlyTables} from "../../tables/early.ts";
import {type RunsTable, readCourses, readRunsTable} from "../../tables/runs-grid.ts";
import type {GridState} from "../grid/grid-state.ts";
import {PetriGrid} from "../grid/petri-grid.ts";
import {errorText} from "./error-text.ts";
import type {RunsRequest} from "./options.ts";
import {curveMetric, runsSource} from "./runs-source.ts";

/** Stretches of a drawn course: its line is some eighty pixels wide. */
const stretches = 40;

/** Between two readings, at most. */
const longestPauseMs = 1000;

/** The tables that the rows come from. */
const sources = ["runs", "params", "metrics", "metric_defs"] as const;

/** What a table of runs needs of the page. */
export interface RunsServices {
  db: DuckDBClient;
  /** What answers while the tables are being filled; without it the runs wait until they are. */
  early?: Pick<EarlyTables, "db">;
  /** The revision of a table: now, and after each change. */
  tableChanges(table: string): AsyncIterable<number>;
}

/** The evaluation that made a table of runs. */
type RunsCell = Pick<CellContext, "signal" | "waitUntil" | "fail">;

/**
 * The runs with their parameters and metrics, one row each, which follows them as they go on. Its `value` is the ids of
 * the runs that are selected, else of all that are shown, in their order.
 *
 * @fires input - its value is another
 */
export class PetriRuns extends HTMLElement {
  private readonly grid = new PetriGrid();
  private readonly services: RunsServices | null;
  private readonly request: RunsRequest | null;
  private readonly signal: AbortSignal;
  private readonly cell: RunsCell | null;
  /** Stands in the place of the table until the runs have been read for the first time. */
  private readonly waiting = document.createElement("p");
  private readonly problem = document.createElement("p");
  private shown: RunsTable | null = null;
  private readonly courses = new Map<string, Float64Array>();
  /** How many rows of metrics a run had when its course was read. */
  private readonly coursesAt = new Map<string, number>();
  private curve: string | null = null;
  private isLoading = false;
  private isDirty = false;
  private isFollowing = false;
  private told = "";
  /** Ids that were asked for and are no runs, in words. */
  private missing = "";
  /** Settles the promise that the cell waits for. */
  private answered: () => void = () => {};

  /** @param cell runs until the runs were read for the first time, fails when they cannot be, and ends it by its signal */
  constructor(
    services: RunsServices | null = null,
    request: RunsRequest | null = null,
    state: GridState | null = null,
    cell: RunsCell | null = null
  ) {
    super();
    this.services = services;
    this.request = request;
    this.cell = cell;
    this.signal = cell?.signal ?? new AbortController().signal;
    this.grid.label = "Runs";
    if (state) this.grid.state = state;
    this.grid.adapt = (source) =>
      this.shown && this.request
        ? runsSource(source, {
            columns: this.shown.columns,
            request: this.request,
            curve: this.curve,
            courses: this.courses
          })
        : source;
    this.waiting.setAttribute("role", "status");
    this.waiting.style.cssText =
      "margin: 4px 0; font: var(--interface); color: var(--theme-foreground-muted)";
    this.waiting.textContent = "reading runs …";
    this.problem.setAttribute("role", "alert");
    this.problem.style.cssText = "margin: 4px 0; font: var(--interface); color: var(--theme-error)";
    for (const type of ["petri-rows", "petri-selection"]) this.grid.addEventListener(type, () => this.tell());
  }

  /** Ids of the runs that are selected, else of all that are shown. */
  get value(): string[] {
    const ids = this.shown?.table.getChild("run_id");
    return ids ? this.grid.chosenRows().map((row) => ids.get(row)) : [];
  }

  connectedCallback(): void {
    this.style.display = "block";
    if (!this.grid.isConnected) this.append(this.grid);
    if (!this.shown && !this.problem.isConnected) {
      this.grid.style.display = "none";
      this.append(this.waiting);
    }
    if (this.isFollowing || !this.services) return;
    this.isFollowing = true;
    const read = new Promise<void>((resolve) => {
      this.answered = resolve;
    });
    this.signal.addEventListener("abort", this.answered);
    this.cell?.waitUntil(read);
    for (const table of sources) void this.follow(table);
  }

  private async follow(table: string): Promise<void> {
    const changes = (this.services as RunsServices).tableChanges(table)[Symbol.asyncIterator]();
    this.signal.addEventListener("abort", () => void changes.return?.());
    while (!this.signal.aborted && !(await changes.next()).done) this.load();
  }

  /** Reads the runs again, once more when something changed meanwhile. */
  private load(): void {
    this.isDirty = true;
    if (!this.isLoading) void this.loading();
  }

  private async loading(): Promise<void> {
    this.isLoading = true;
    let isFirst = this.shown === null;
    while (this.isDirty && !this.signal.aborted) {
      this.isDirty = false;
      const started = performance.now();
      try {
        await this.read();
        this.say(this.missing);
      } catch (error) {
        if (this.signal.aborted) break;
        this.say(errorText(error));
        this.waiting.remove();
        // Later it may be a hindrance that passes, and what was shown stays.
        if (isFirst) this.cell?.fail(error);
      }
      isFirst = false;
      this.answered();
      // Of many runs the reading is not to take more than a third of the time, but nobody waits for long.
      await this.pause(Math.min(longestPauseMs, 2 * (performance.now() - started)));
    }
    this.isLoading = false;
  }

  private say(problem: string): void {
    this.problem.textContent = problem;
    if (problem) this.append(this.problem);
    else this.problem.remove();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  private async read(): Promise<void> {
    const {services, request} = this;
    if (!services || !request) return;
    const {ids, where, notebook, metrics, limit} = request;
    const query = {ids, where, notebook, metrics, limit, now: Date.now()};
    const {db, early} = services;
    const asked = early && isFoundEarly(query) ? early.db : db;
    const shown = await readRunsTable(asked.withSignal(this.signal), query);
    if (this.signal.aborted) return;
    this.shown = shown;
    this.curve = request.curve === undefined ? curveMetric(shown.columns) : request.curve;
    const {table, total} = shown;
    const isCut = table.numRows < total;
    this.missing = isCut ? "" : missingRuns(query, table.getChild("run_id") ?? []);
    this.grid.remark = isCut ? `the newest of ${total.toLocaleString("en-US")}` : "";
    this.grid.value = table;
    this.waiting.remove();
    this.grid.style.display = "";
    await this.grid.updateComplete;
    this.tell();
    await this.readCourses(shown);
  }

  /** Reads the course of the metric in those runs that have gone on since. */
  private async readCourses({table}: RunsTable): Promise<void> {
    const {services, curve} = this;
    if (!services || curve === null) return;
    const [ids, counts] = [table.getChild("run_id"), table.getChild("metric rows")];
    const behind: string[] = [];
    for (let row = 0; row < table.numRows; row++) {
      const [id, count] = [ids?.get(row), counts?.get(row)];
      if (this.coursesAt.get(id) === count) continue;
      behind.push(id);
      this.coursesAt.set(id, count);
    }
    if (behind.length === 0) return;
    const courses = await readCourses(services.db, curve, behind, stretches).catch((error: unknown) => {
      for (const id of behind) this.coursesAt.delete(id);
      throw error;
    });
    for (const [id, course] of courses) this.courses.set(id, course);
    this.grid.requestUpdate();
  }

  private tell(): void {
    const told = this.value.join();
    if (told === this.told) return;
    this.told = told;
    this.dispatchEvent(new Event("input", {bubbles: true}));
  }
}

if (!customElements.get("petri-runs")) customElements.define("petri-runs", PetriRuns);
