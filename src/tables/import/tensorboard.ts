import type {ImportedRows} from "../import-types.ts";
import {paramRows} from "../parameters.ts";
import {type HyperParameters, readEvent} from "./event.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {MetricColumns} from "./metric-columns.ts";
import {experimentRow, type ImportedRun, runRow} from "./run-row.ts";
import {stableId} from "./stable-id.ts";
import {readRecords} from "./tfrecord.ts";

/** The events of one folder, which is a run for TensorBoard. */
class EventFolder {
  readonly path: string;
  readonly notes: string[] = [];
  readonly others = new Set<string>();
  /** Pieces of full length first; the last may grow. */
  private readonly pieces: MetricColumns[] = [];
  private readonly runId: string;
  private hyperParameters: HyperParameters | null = null;
  private endStatus: number | null = null;
  private start = Number.POSITIVE_INFINITY;
  private end = Number.NEGATIVE_INFINITY;
  private lastStep: number | null = null;

  constructor(path: string, files: readonly ImportFile[]) {
    this.path = path;
    this.runId = stableId(
      "tensorboard",
      path,
      ...files.slice(0, 1).map(({name}) => name.replace(/^.*\//, ""))
    );
    for (const file of files) this.read(file);
  }

  private read({name, bytes}: ImportFile): void {
    const records = readRecords(name, bytes);
    for (let index = 0; ; index++) {
      const {done, value} = records.next();
      if (done) {
        if (value > 0)
          this.notes.push(`${name}: the last ${value} bytes are the begin of a record, and were left out.`);
        return;
      }
      this.readRecord(`${name}, record ${index + 1}`, value);
    }
  }

  private readRecord(where: string, record: Uint8Array): void {
    const event = explained(where, () => readEvent(record));
    const timeMs = Math.round(event.wallTime * 1000);
    this.start = Math.min(this.start, timeMs);
    this.end = Math.max(this.end, timeMs);
    this.hyperParameters = event.hyperParameters ?? this.hyperParameters;
    this.endStatus = event.endStatus ?? this.endStatus;
    for (const tag of event.others) this.others.add(tag);
    if (event.scalars.length === 0) return;
    this.lastStep = Math.max(this.lastStep ?? event.step, event.step);
    let columns = this.pieces.at(-1);
    if (!columns || columns.full) {
      columns = new MetricColumns(this.runId);
      this.pieces.push(columns);
    }
    for (const {tag, value} of event.scalars) columns.add(tag, event.step, timeMs, value);
  }

  run(experiment: string): ImportedRun {
    const failed = this.endStatus === 2;
    return {
      runId: this.runId,
      experimentId: `tensorboard:${experiment}`,
      name: this.path,
      source: "tensorboard",
      status: failed ? "failed" : "completed",
      mlflowStatus: failed ? "FAILED" : "FINISHED",
      startTime: Number.isFinite(this.start) ? this.start : null,
      endTime: Number.isFinite(this.end) ? this.end : null,
      lastStep: this.lastStep,
      params: paramRows(this.runId, this.hyperParameters?.values ?? {}),
      tags: new Map()
    };
  }

  *metrics(): Generator<ImportedRows> {
    for (const columns of this.pieces) yield {metrics: [columns.take()]};
  }
}

function explained<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImportError) throw new ImportError(`${where}: ${error.message}`, {cause: error});
    throw error;
  }
}

const folderOf = (name: string) => name.replace(/[/\\]?[^/\\]*$/, "");

/** The part that all paths begin with, up to a separator: the log directory. */
function commonFolder(paths: readonly string[]): string {
  const parts = paths.map((path) => path.split("/"));
  const shared = parts[0].findIndex((part, i) => parts.some((other) => other[i] !== part));
  return parts[0].slice(0, shared === -1 ? parts[0].length : shared).join("/");
}

/** The rows of event files (`events.out.tfevents...`): each folder is a run, the folder that holds them the experiment. */
export function* readTensorBoard(files: readonly ImportFile[]): Generator<ImportedRows> {
  const byFolder = new Map<string, ImportFile[]>();
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // A file that was picked alone has no folder: it is a run by itself.
    const folder = folderOf(file.name) || file.name;
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), file]);
  }
  const root = byFolder.size > 1 ? commonFolder([...byFolder.keys()]) : folderOf([...byFolder.keys()][0]);
  const experiment = root.split("/").at(-1) || "tensorboard";
  const notes = [
    "TensorBoard keeps no status: runs that do not say that they failed are taken as completed."
  ];
  const others = new Set<string>();
  let createdAt = Date.now();
  for (const [folder, list] of byFolder) {
    const read = new EventFolder(folder.slice(root.length).replace(/^\//, "") || folder, list);
    const run = read.run(experiment);
    createdAt = Math.min(createdAt, run.startTime ?? createdAt);
    for (const tag of read.others) others.add(tag);
    yield {
      experiments: [experimentRow("tensorboard", experiment, createdAt)],
      runs: [runRow(run)],
      params: run.params,
      notes: [...notes.splice(0), ...read.notes]
    };
    yield* read.metrics();
  }
  if (others.size > 0) {
    yield {
      notes: [
        `Tags that are no scalars were left out: ${[...others].slice(0, 20).join(", ")}${others.size > 20 ? " ..." : ""}.`
      ]
    };
  }
}
