import {SqlFragment} from "../../tables/sql-text.ts";

/** What `runsTable()` takes. */
export interface RunsTableOptions {
  /** Runs or their ids, or a condition in SQL on the columns of `runs` and on `params` (a MAP of texts). All when absent. */
  runs?: string | SqlFragment | Iterable<string | RunLike>;
  /** Runs of this notebook; of all when null. The open one when absent, unless `runs` is given. */
  notebook?: string | null;
  /** Metrics that have columns; all when absent. */
  metrics?: string | readonly string[];
  /** Parameters that are shown: those in which the runs differ when absent, `"all"`, or by name. */
  params?: "differing" | "all" | readonly string[];
  /** The metric that is drawn as a line in each row: a loss or the most frequent when absent, none when null. */
  curve?: string | null;
  /** Most runs; the newest are taken. */
  limit?: number;
}

interface RunLike {
  readonly record: {readonly runId: string};
}

/** The options with what stands for the absent ones. */
export interface RunsRequest {
  ids?: readonly string[];
  where?: SqlFragment;
  notebook?: string;
  metrics: readonly string[] | null;
  params: "differing" | "all" | readonly string[];
  /** Undefined: to be chosen. */
  curve: string | null | undefined;
  limit: number;
}

const known = ["runs", "notebook", "metrics", "params", "curve", "limit"];

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** @throws TypeError that says which option was wrong, what came, and what may stand there. */
export function parseOptions(options: RunsTableOptions, openNotebook: string): RunsRequest {
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new TypeError(`runsTable() has no option "${name}"; it has ${known.join(", ")}.`);
  const check = (name: keyof RunsTableOptions, isRight: boolean, expected: string) => {
    if (!isRight)
      throw new TypeError(`runsTable(): expected ${name} to be ${expected}, got ${shown(options[name])}.`);
  };
  const {runs, notebook, metrics, params = "differing", curve, limit = 10_000} = options;
  const isText = (value: unknown) => value === undefined || value === null || typeof value === "string";
  check("notebook", isText(notebook), "a notebook's name or null");
  check(
    "metrics",
    metrics === undefined || typeof metrics === "string" || isNames(metrics),
    "the name of a metric or a list of names"
  );
  check(
    "params",
    params === "differing" || params === "all" || isNames(params),
    '"differing", "all" or a list of names'
  );
  check("curve", isText(curve), "the name of a metric or null");
  check("limit", Number.isInteger(limit) && limit > 0, "a whole number above 0");
  const own = notebook === undefined && runs === undefined ? openNotebook : notebook;
  return {
    ...choice(runs),
    ...(own ? {notebook: own} : {}),
    metrics: typeof metrics === "string" ? [metrics] : (metrics ?? null),
    params,
    curve,
    limit
  };
}

const isRun = (value: unknown): value is RunLike =>
  typeof (value as RunLike | null)?.record?.runId === "string";

function choice(runs: RunsTableOptions["runs"]): Pick<RunsRequest, "ids" | "where"> {
  if (runs === undefined) return {};
  if (runs instanceof SqlFragment) return {where: runs};
  if (typeof runs === "string") return {where: new SqlFragment([runs], [])};
  const list = isRun(runs) ? [runs] : typeof runs?.[Symbol.iterator] === "function" ? [...runs] : null;
  if (list === null)
    throw new TypeError(
      `runsTable(): expected runs to be a condition in SQL, or a list of runs or ids, got ${shown(runs)}.`
    );
  return {
    ids: list.map((run) => {
      if (typeof run === "string") return run;
      if (isRun(run)) return run.record.runId;
      throw new TypeError(`runsTable(): expected runs or their ids, got ${shown(run)} among them.`);
    })
  };
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Array.isArray(value) ? `[${value.map(shown).join(", ")}]` : String(value);
}
