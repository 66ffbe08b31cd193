import type {ImportedRows} from "../import-types.ts";
import type {ParamRow, RunRow} from "../schema.ts";
import {cellNumber, cellText, cellTime, excerpt, isMissing} from "./cells.ts";
import {type ColumnRoles, describeRoles, guessRoles, parameterName} from "./column-roles.ts";
import type {ColumnTable} from "./columns.ts";
import {crc32c} from "./crc32c.ts";
import {ImportError} from "./import-error.ts";
import {MetricColumns} from "./metric-columns.ts";
import {describeText} from "./param-text.ts";
import {experimentRow, type ImportedRun, runRow} from "./run-row.ts";
import {stableId} from "./stable-id.ts";

/** Ids that trackers give: those are kept. Anything else is a name, which other files have too. */
const trackerId = /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

type Statuses = Pick<RunRow, "status" | "mlflow_status">;

const statuses: [RegExp, Statuses][] = [
  [/^(failed|fail|crashed|error)$/i, {status: "failed", mlflow_status: "FAILED"}],
  [/^(killed|cancell?ed|stopped|pruned)$/i, {status: "cancelled", mlflow_status: "KILLED"}],
  [/^(running|pending|queued|waiting|scheduled)$/i, {status: "interrupted", mlflow_status: "RUNNING"}],
  [/^diverged$/i, {status: "diverged", mlflow_status: "FAILED"}],
  [/^interrupted$/i, {status: "interrupted", mlflow_status: "KILLED"}]
];

const statusOf = (word: string): Statuses =>
  statuses.find(([pattern]) => pattern.test(word))?.[1] ?? {status: "completed", mlflow_status: "FINISHED"};

export interface TableOptions {
  columns?: ColumnRoles;
  /** The experiment that runs are of which do not say. */
  experiment?: string;
}

interface Gathered extends ImportedRun {
  paramTexts: Map<string, string>;
  /** Rows of the table that are of this run. */
  rows: number[];
}

/** W&B's exports of one chart have a column for each run and metric, and two more with the least and greatest value of a step. */
const chartColumn = /^(.+) - (.+?)(__MIN|__MAX)?$/;

/** A chart of W&B as a table with a row a value; other tables as they are. */
function unpivotChart(table: ColumnTable, given: ColumnRoles | undefined): ColumnTable {
  const roles = guessRoles(table, given);
  const metrics = [...(roles.metrics ?? []), ...(roles.params ?? [])];
  if (
    given?.run ||
    given?.metrics ||
    metrics.length === 0 ||
    !metrics.every((name) => chartColumn.test(name))
  )
    return table;
  const run: unknown[] = [];
  const key: unknown[] = [];
  const value: unknown[] = [];
  const others = [roles.step, roles.time].filter((name) => name !== undefined);
  const kept = new Map(others.map((name): [string, unknown[]] => [name, []]));
  for (const name of metrics) {
    const [, runName, metric, bound] = chartColumn.exec(name) ?? [];
    if (bound) continue;
    table.columns.get(name)?.forEach((cell, row) => {
      if (isMissing(cell)) return;
      run.push(runName);
      key.push(metric);
      value.push(cell);
      for (const [other, cells] of kept) cells.push(table.columns.get(other)?.[row]);
    });
  }
  const columns = new Map<string, readonly unknown[]>([
    ["run", run],
    ["key", key],
    ["value", value],
    ...kept
  ]);
  return {file: table.file, rows: value.length, columns};
}

const baseName = (file: string) => file.replace(/^.*[/\\]/, "").replace(/\.[^.]+$/, "");

/** Reads one table with metrics in it, long or wide. */
class MetricTable {
  readonly notes: string[];
  private readonly table: ColumnTable;
  private readonly roles: ColumnRoles;
  private readonly source: string;
  private readonly options: TableOptions;
  private readonly identity: string;
  private readonly known: ReadonlySet<string>;
  private readonly runs = new Map<string, Gathered>();

  constructor(given: ColumnTable, source: string, options: TableOptions, known: ReadonlySet<string>) {
    this.known = known;
    this.table = unpivotChart(given, options.columns);
    this.roles = guessRoles(this.table, this.table === given ? options.columns : undefined);
    this.source = source;
    this.options = options;
    this.identity = `${given.file.bytes.length}:${crc32c(given.file.bytes)}`;
    this.notes = [describeRoles(given.file.name, this.roles)];
    for (let row = 0; row < this.table.rows; row++) this.runOf(row).rows.push(row);
    for (const run of this.runs.values()) this.finish(run);
  }

  *read(): Generator<ImportedRows> {
    const added = [...this.runs.values()].filter(({runId}) => !this.known.has(runId));
    const experiments = [...new Map(added.map((run) => [run.experimentId, run])).values()];
    yield {
      experiments: experiments.map(({experimentId, startTime}) =>
        experimentRow(
          this.source,
          experimentId.slice(this.source.length + 1),
          startTime ?? this.table.file.modifiedMs
        )
      ),
      runs: added.map(runRow),
      params: added.flatMap(({params}) => params),
      notes: this.notes
    };
    for (const run of this.runs.values()) yield* this.metrics(run);
  }

  private cell(row: number, name: string | undefined): unknown {
    return name === undefined ? undefined : this.table.columns.get(name)?.[row];
  }

  private text(row: number, name: string | undefined): string | undefined {
    const cell = this.cell(row, name);
    return isMissing(cell) ? undefined : cellText(cell);
  }

  private runOf(row: number): Gathered {
    const {roles, table, source} = this;
    const label = this.text(row, roles.run) ?? baseName(table.file.name);
    const known = this.runs.get(label);
    if (known) return known;
    const {status, mlflow_status} = statusOf(this.text(row, roles.status) ?? "");
    const experiment =
      this.options.experiment ?? this.text(row, roles.experiment) ?? baseName(table.file.name);
    const run: Gathered = {
      runId: this.known.has(label) || trackerId.test(label) ? label : stableId(source, this.identity, label),
      experimentId: `${source}:${experiment}`,
      name: this.text(row, roles.name) ?? label,
      source,
      status,
      mlflowStatus: mlflow_status,
      startTime: null,
      endTime: null,
      lastStep: null,
      params: [],
      tags: new Map(),
      paramTexts: new Map(),
      rows: []
    };
    this.runs.set(label, run);
    return run;
  }

  /** Times, last step and parameters: a column of words is one when it says the same in all rows of the run. */
  private finish(run: Gathered): void {
    const varying = new Set<string>();
    for (const [index, row] of run.rows.entries()) {
      const time = cellTime(this.cell(row, this.roles.time));
      if (time !== null) {
        run.startTime = Math.min(run.startTime ?? time, time);
        run.endTime = Math.max(run.endTime ?? time, time);
      }
      run.lastStep = Math.max(run.lastStep ?? 0, this.step(row, index));
      for (const name of this.roles.params ?? []) {
        const text = this.text(row, name);
        if (text === undefined) continue;
        if ((run.paramTexts.get(name) ?? text) !== text) varying.add(name);
        run.paramTexts.set(name, text);
      }
    }
    for (const name of varying) run.paramTexts.delete(name);
    if (varying.size > 0) {
      this.notes.push(
        `${[...varying].join(", ")} of ${run.name} changed from row to row and is no number, and was left out.`
      );
    }
    run.params = Array.from(
      run.paramTexts,
      ([key, text]): ParamRow => ({run_id: run.runId, key: parameterName(key), ...describeText(text)})
    );
  }

  private step(row: number, index: number): number {
    const cell = this.cell(row, this.roles.step);
    if (this.roles.step === undefined || isMissing(cell)) return this.roles.key ? 0 : index;
    const step = cellNumber(cell);
    if (step !== undefined && Number.isFinite(step)) return step;
    throw new ImportError(
      `${this.table.file.name}, row ${row + 2}, column ${this.roles.step}: expected the number of a step, found “${excerpt(cellText(cell), 40)}”.`
    );
  }

  private *metrics(run: Gathered): Generator<ImportedRows> {
    const {roles} = this;
    const columns = new MetricColumns(run.runId);
    const fallback = this.table.file.modifiedMs;
    for (const [index, row] of run.rows.entries()) {
      const time = cellTime(this.cell(row, roles.time)) ?? fallback;
      const step = this.step(row, index);
      if (roles.key && roles.value) {
        columns.add(this.text(row, roles.key) ?? "value", step, time, this.value(row, roles.value));
      } else {
        for (const name of roles.metrics ?? []) {
          if (!isMissing(this.cell(row, name))) columns.add(name, step, time, this.value(row, name));
        }
      }
      if (columns.full) yield {metrics: [columns.take()]};
    }
    if (columns.length > 0) yield {metrics: [columns.take()]};
  }

  /** A number; what is not there in a long table was NaN for the one who wrote it. */
  private value(row: number, name: string): number {
    const cell = this.cell(row, name);
    if (isMissing(cell)) return Number.NaN;
    const value = cellNumber(cell);
    if (value !== undefined) return value;
    throw new ImportError(
      `${this.table.file.name}, row ${row + 2}, column ${name}: expected a number, found “${excerpt(cellText(cell), 40)}”.`
    );
  }
}

/** The rows of a table with metrics, a row a value or a column a metric. Runs that are `known` are not made again. */
export function readMetricTable(
  table: ColumnTable,
  source: string,
  options: TableOptions,
  known: ReadonlySet<string> = new Set()
): Generator<ImportedRows> {
  return new MetricTable(table, source, options, known).read();
}
