import type {RunsColumn} from "../../tables/runs-grid.ts";
import type {GridColumn, GridSource} from "../grid/source.ts";
import {groupMetrics} from "../run/metric-names.ts";
import type {RunsRequest} from "./options.ts";

const statusColors: Readonly<Record<string, string>> = {
  completed: "var(--series-3)",
  running: "var(--state-running)",
  queued: "var(--state-queued)",
  failed: "var(--theme-error)",
  diverged: "var(--theme-error)",
  cancelled: "var(--state-stale)",
  interrupted: "var(--state-stale)"
};

/** Columns of the run itself that are always shown. */
const shownAlways: ReadonlySet<string> = new Set(["run", "status", "started", "duration"]);
/** Those that are shown when the runs differ in them. */
const shownDiffering: ReadonlySet<string> = new Set(["seed", "experiment", "notebook", "backend", "source"]);

/** The metric whose course says most: what people look at first, else the most frequent. */
export function curveMetric(columns: readonly RunsColumn[]): string | null {
  const keys = columns.flatMap((column) => (column.of === "metric" ? [column.key] : []));
  return [...groupMetrics(new Set(keys)).values()][0]?.[0].name ?? null;
}

function differs({value}: GridColumn, rowCount: number): boolean {
  for (let row = 1; row < rowCount; row++) if (value(row) !== value(0)) return true;
  return false;
}

/** How a column of the table of runs is shown until the reader says otherwise. */
function shownAs(
  column: GridColumn,
  of: RunsColumn,
  {params}: Pick<RunsRequest, "params">,
  rowCount: number
): GridColumn {
  const {name} = column;
  if (of.of === "param") {
    // One run differs from no other: all of its parameters say something.
    const isShown =
      params === "all" || (params === "differing" ? of.differs || rowCount === 1 : params.includes(of.key));
    return {...column, type: "param", hidden: !isShown};
  }
  if (of.of === "metric")
    return {
      ...column,
      type: of.unit ? `${of.value}, ${of.unit}` : of.value,
      hidden: !of.isSummary,
      format: {style: "significant"}
    };
  if (name === "run") return {...column, type: "", pinned: true};
  if (name === "status") return {...column, type: "", dot: (value) => statusColors[String(value)] ?? null};
  if (name === "duration") return {...column, type: "", format: {style: "milliseconds"}};
  const isShown = shownAlways.has(name) || (shownDiffering.has(name) && differs(column, rowCount));
  return {...column, type: "", hidden: !isShown, ...(name === "started" && {format: {style: "time"}})};
}

export interface RunsShown {
  columns: readonly RunsColumn[];
  request: Pick<RunsRequest, "params">;
  /** The metric that is drawn, null for none. */
  curve: string | null;
  /** Its course in each run, as far as known. */
  courses: ReadonlyMap<string, Float64Array>;
}

/** A course that is not there yet is no line, which is not the same as NULL. */
const unread = new Float64Array();

/** The table of runs as the grid shows it, with the course of a metric before the columns of metrics. */
export function runsSource(source: GridSource, {columns, request, curve, courses}: RunsShown): GridSource {
  const {rowCount} = source;
  const shown = columns.map((of, i) => shownAs(source.columns[i], of, request, rowCount));
  if (curve === null) return {...source, columns: shown};
  const runId = source.columns.find(({name}) => name === "run_id") as GridColumn;
  const line: GridColumn = {
    name: `${curve} curve`,
    type: "over steps",
    kind: "list",
    value: (row) => courses.get(String(runId.value(row))) ?? unread
  };
  const at = columns.findIndex((column) => column.of === "metric");
  shown.splice(at < 0 ? shown.length : at, 0, line);
  return {...source, columns: shown};
}
