import type {ImportedRows} from "../import-types.ts";
import type {ParamRow} from "../schema.ts";
import {ImportError} from "./import-error.ts";
import {MetricColumns} from "./metric-columns.ts";
import {artifactUriTag, fromMlflow, mlflowStatus, ownIdTag, parentTag, runNameTag} from "./mlflow-values.ts";
import {describeText} from "./param-text.ts";
import {experimentRow, type ImportedRun, runRow, statusOfMlflow} from "./run-row.ts";

type Json = Record<string, unknown>;

interface Pair {
  key: string;
  value?: string;
}

interface Metric {
  key: string;
  value: number | string;
  timestamp: number | string;
  step?: number | string;
}

interface Experiment {
  experiment_id: string;
  name: string;
  creation_time?: number | string;
  tags?: Pair[];
}

interface ServerRun {
  info: {
    run_id: string;
    run_name?: string;
    experiment_id: string;
    status: string;
    start_time?: number | string;
    end_time?: number | string;
    artifact_uri?: string;
  };
  data: {metrics?: Metric[]; params?: Pair[]; tags?: Pair[]};
}

interface ServerOptions {
  signal?: AbortSignal;
  /** Rows of one answer; MLflow allows up to 50,000 experiments and runs and 25,000 metrics. */
  pageSize?: number;
}

/** MLflow's tracking server, asked page by page. */
class MlflowServer {
  private readonly base: string;
  private readonly options: ServerOptions;

  constructor(address: string, options: ServerOptions) {
    this.base = `${address.replace(/\/+$/, "").replace(/\/api\/2\.0\/mlflow$/, "")}/api/2.0/mlflow/`;
    this.options = options;
  }

  /** Asks until there is no further page. */
  async *pages<T>(path: string, field: string, request: Json, method: "GET" | "POST"): AsyncGenerator<T[]> {
    let token: unknown = "";
    do {
      const asked = {...request, ...(token ? {page_token: token} : {})};
      const answer = await this.ask(path, asked, method);
      const list = answer[field] ?? [];
      if (!Array.isArray(list))
        throw new ImportError(`${this.base}${path}: expected a list ${field}, found ${typeof list}.`);
      yield list;
      token = answer.next_page_token;
    } while (token);
  }

  private async ask(path: string, request: Json, method: "GET" | "POST"): Promise<Json> {
    const url = new URL(this.base + path, globalThis.document?.baseURI);
    const {signal} = this.options;
    const post = {
      method,
      body: JSON.stringify(request),
      headers: {"content-type": "application/json"},
      signal
    };
    if (method === "GET")
      for (const [name, value] of Object.entries(request)) url.searchParams.set(name, String(value));
    const response = await fetch(url, method === "GET" ? {signal} : post).catch((error: unknown) => {
      signal?.throwIfAborted();
      const origin = globalThis.location?.origin;
      throw new ImportError(
        `${url.href} did not answer: ${String(error)}. Is the server running${origin ? `, and does it allow ${origin}? (mlflow server --cors-allowed-origins ${origin})` : "?"}`
      );
    });
    const text = await response.text();
    if (!response.ok) throw new ImportError(`${url.href} answered ${response.status}: ${text.slice(0, 200)}`);
    try {
      return JSON.parse(text) as Json;
    } catch (error) {
      throw new ImportError(`${url.href}: expected JSON, found ${text.slice(0, 60)}`, {cause: error});
    }
  }
}

const ms = (value: number | string | undefined) => (value === undefined ? null : Number(value));
const mapOf = (pairs: readonly Pair[] = []) => new Map(pairs.map(({key, value}) => [key, value ?? ""]));

function importedRun({info, data}: ServerRun, experimentId: string, where: string): ImportedRun {
  const status = mlflowStatus(info.status);
  if (!status) throw new ImportError(`${where}: the run ${info.run_id} has the status ${info.status}.`);
  const tags = mapOf(data.tags);
  if (info.artifact_uri) tags.set(artifactUriTag, info.artifact_uri);
  const runId = tags.get(ownIdTag) ?? info.run_id;
  return {
    runId,
    experimentId,
    name: info.run_name ?? tags.get(runNameTag) ?? info.run_id,
    source: "mlflow",
    status: statusOfMlflow[status],
    mlflowStatus: status,
    startTime: ms(info.start_time),
    endTime: ms(info.end_time),
    lastStep: (data.metrics ?? []).reduce<number | null>(
      (most, {step}) => Math.max(most ?? 0, Number(step ?? 0)),
      null
    ),
    params: (data.params ?? []).map(
      ({key, value}): ParamRow => ({run_id: runId, key, ...describeText(value ?? "")})
    ),
    tags,
    parentRunId: tags.get(parentTag) ?? null
  };
}

async function* readHistory(
  server: MlflowServer,
  runId: string,
  run: ServerRun,
  pageSize: number
): AsyncGenerator<ImportedRows> {
  const columns = new MetricColumns(runId);
  for (const {key} of run.data.metrics ?? []) {
    const request = {run_id: run.info.run_id, metric_key: key, max_results: pageSize};
    for await (const page of server.pages<Metric>("metrics/get-history", "metrics", request, "GET")) {
      for (const {step, timestamp, value} of page) {
        columns.add(key, Number(step ?? 0), Number(timestamp), fromMlflow(Number(value), false));
      }
      if (columns.full) yield {metrics: [columns.take()]};
    }
  }
  if (columns.length > 0) yield {metrics: [columns.take()]};
}

/** The rows of all experiments of a tracking server of MLflow: the latest values with the runs, then each metric's history. */
export async function* readMlflowServer(
  address: string,
  options: ServerOptions = {}
): AsyncGenerator<ImportedRows> {
  const server = new MlflowServer(address, options);
  const pageSize = options.pageSize ?? 1000;
  const experiments: Experiment[] = [];
  const all = {max_results: pageSize, view_type: "ACTIVE_ONLY"};
  for await (const page of server.pages<Experiment>("experiments/search", "experiments", all, "POST"))
    experiments.push(...page);
  for (const {experiment_id, name, creation_time, tags} of experiments) {
    const row = experimentRow("mlflow", name, ms(creation_time) ?? 0, mapOf(tags));
    yield {experiments: [row]};
    const request = {experiment_ids: [experiment_id], max_results: pageSize, run_view_type: "ACTIVE_ONLY"};
    for await (const page of server.pages<ServerRun>("runs/search", "runs", request, "POST")) {
      const runs = page.map((run) => importedRun(run, row.experiment_id, address));
      yield {runs: runs.map(runRow), params: runs.flatMap(({params}) => params)};
      for (const [i, run] of page.entries()) yield* readHistory(server, runs[i].runId, run, pageSize);
    }
  }
}
