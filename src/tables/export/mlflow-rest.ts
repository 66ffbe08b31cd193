import {ownIdTag} from "../import/mlflow-values.ts";
import {ExportError} from "./export-error.ts";
import {type MlflowMetric, mlflowMetrics, mlflowTags} from "./mlflow-run.ts";
import type {RunReader, StoredRun} from "./run-reader.ts";

/** What MLflow takes in one request: of each kind, of all together, and bytes of JSON. */
const limits = {metrics: 1000, params: 100, tags: 100, total: 1000, bytes: 1_000_000};

const longest = {key: 250, param: 6000, tag: 5000};

export interface ServerReport {
  /** Runs that were sent, and those that the server had. */
  runs: number;
  knownRuns: number;
  metricRows: number;
  notes: string[];
}

interface Pair {
  key: string;
  value: string;
}

interface ServerMetric {
  key: string;
  /** Protobuf's JSON has words for what JSON has no numbers for. */
  value: number | string;
  timestamp: number;
  step: number;
}

interface Batch {
  metrics: ServerMetric[];
  params: Pair[];
  tags: Pair[];
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length + 1;

/** Splits what a run logs into requests that keep MLflow's limits. */
export function batches(all: Batch): Batch[] {
  const result: Batch[] = [];
  let batch: Batch = {metrics: [], params: [], tags: []};
  let total = 0;
  let bytes = 0;
  for (const kind of ["tags", "params", "metrics"] as const) {
    for (const item of all[kind]) {
      const size = bytesOf(item);
      const isFull =
        batch[kind].length === limits[kind] || total === limits.total || bytes + size > limits.bytes - 1000;
      if (isFull) {
        result.push(batch);
        batch = {metrics: [], params: [], tags: []};
        total = 0;
        bytes = 0;
      }
      (batch[kind] as (Pair | ServerMetric)[]).push(item);
      total++;
      bytes += size;
    }
  }
  if (total > 0) result.push(batch);
  return result;
}

/** MLflow's keys: letters, digits, and these signs. */
const forbidden = /[^\p{L}\p{N}_\-./ :]/gu;

class MlflowClient {
  private readonly base: string;
  private readonly signal?: AbortSignal;

  constructor(address: string, signal?: AbortSignal) {
    this.base = `${address.replace(/\/+$/, "").replace(/\/api\/2\.0\/mlflow$/, "")}/api/2.0/mlflow/`;
    this.signal = signal;
  }

  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const url = new URL(this.base + path, globalThis.document?.baseURI).href;
    const headers = {"content-type": "application/json"};
    const {signal} = this;
    const response = await fetch(url, {method: "POST", headers, body: JSON.stringify(body), signal}).catch(
      (error) => {
        signal?.throwIfAborted();
        throw new ExportError(
          `${url} did not answer: ${String(error)}. Is the server running, and does it allow this page? (mlflow server --cors-allowed-origins)`
        );
      }
    );
    const text = await response.text();
    if (!response.ok) throw new ExportError(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text || "{}");
  }

  /** The server's id of the experiment of that name, which is made when there is none. */
  async experiment(name: string): Promise<string> {
    const filter = `name = '${name.replaceAll("'", "''")}'`;
    const {experiments} = await this.post("experiments/search", {max_results: 1, filter});
    const [known] = (experiments ?? []) as {experiment_id: string}[];
    if (known) return known.experiment_id;
    return String((await this.post("experiments/create", {name})).experiment_id);
  }

  async has(experiment: string, runId: string): Promise<boolean> {
    const filter = `tags.\`${ownIdTag}\` = '${runId.replaceAll("'", "''")}'`;
    const {runs} = await this.post("runs/search", {experiment_ids: [experiment], filter, max_results: 1});
    return Array.isArray(runs) && runs.length > 0;
  }
}

const toServer = ({key, value, isNan, timestamp, step}: MlflowMetric): ServerMetric => ({
  key,
  value: isNan ? "NaN" : value,
  timestamp,
  step
});

/** What is sent of a run; notes say what had to be changed. */
function payload(stored: StoredRun, metrics: readonly MlflowMetric[], notes: string[]): Batch {
  const clean = (key: string) => {
    const cleaned = key.replace(forbidden, "_").slice(0, longest.key);
    if (cleaned !== key)
      notes.push(`${key} of ${stored.run.name} is ${cleaned} in MLflow, which does not take all signs.`);
    return cleaned;
  };
  const cut = (key: string, value: string, length: number) => {
    if (value.length > length)
      notes.push(`${key} of ${stored.run.name} was cut after ${length} characters, MLflow's limit.`);
    return {key: clean(key), value: value.slice(0, length)};
  };
  return {
    tags: [
      {key: ownIdTag, value: stored.run.run_id},
      ...Array.from(mlflowTags(stored))
        .filter(([key]) => key !== ownIdTag)
        .map(([key, value]) => cut(key, value, longest.tag))
    ],
    params: stored.params.map(({key, value_str}) => cut(key, value_str, longest.param)),
    metrics: metrics.map((metric) => toServer({...metric, key: clean(metric.key)}))
  };
}

/**
 * Sends runs to a tracking server of MLflow, in requests within its limits. A run that was sent before is known by a tag and left
 * out, so that an export that was cut off can be repeated: the tag that says it is there is sent last.
 * @throws ExportError with the server's answer.
 */
export async function sendToMlflow(
  address: string,
  reader: RunReader,
  signal?: AbortSignal
): Promise<ServerReport> {
  const client = new MlflowClient(address, signal);
  const report: ServerReport = {runs: 0, knownRuns: 0, metricRows: 0, notes: []};
  const notes: string[] = [];
  for (const stored of reader.runs) {
    const {run, experiment} = stored;
    const experimentId = await client.experiment(experiment.name);
    if (await client.has(experimentId, run.run_id)) {
      report.knownRuns++;
      continue;
    }
    const created = await client.post("runs/create", {
      experiment_id: experimentId,
      run_name: run.name,
      start_time: Number(run.start_time ?? run.created_at)
    });
    const serverId = (created.run as {info: {run_id: string}}).info.run_id;
    const metrics = mlflowMetrics(await reader.metrics(run.run_id));
    const {tags, ...rest} = payload(stored, metrics, notes);
    for (const batch of [
      ...batches({...rest, tags: tags.slice(1)}),
      ...batches({metrics: [], params: [], tags: tags.slice(0, 1)})
    ]) {
      await client.post("runs/log-batch", {run_id: serverId, ...batch});
    }
    const end_time = run.end_time && {end_time: Number(run.end_time)};
    await client.post("runs/update", {run_id: serverId, status: run.mlflow_status, ...end_time});
    report.runs++;
    report.metricRows += metrics.length;
  }
  report.notes = [...new Set(notes)];
  return report;
}
