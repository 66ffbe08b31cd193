import {type MetricColumns, writeMetrics} from "../encode.ts";
import {encodeRows} from "../encode-rows.ts";
import {LatestMetrics} from "../latest.ts";
import type {OpenFile} from "./files.ts";
import type {JournalStore} from "./journal-store.ts";
import {encodeFrame, noOrigin} from "./record.ts";
import {type Segment, writeSidecar} from "./segment.ts";
import {describe, type RunSpan, type SegmentIndex} from "./segment-index.ts";

/** Size of a sorted segment. */
const segmentBytes = 32 * 2 ** 20;

/** The runs of sorted columns, in their order. */
function spansOf({runIds, runId}: MetricColumns): RunSpan[] {
  const spans = runIds.map((id) => ({runId: id, rows: 0}));
  for (const run of runId) spans[run].rows++;
  return spans.filter(({rows}) => rows > 0);
}

/** Writes sorted segments. They count from the moment that a manifest names them. */
export class SortedWriter {
  readonly #store: JournalStore;
  readonly segments: Segment[] = [];
  #open: {name: string; file: OpenFile; index: SegmentIndex; latest: LatestMetrics} | null = null;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** Adds sorted rows of metrics. */
  async addMetrics(columns: MetricColumns): Promise<void> {
    await this.#add(writeMetrics(columns), spansOf(columns));
    this.#open?.latest.add(columns);
    if (this.#open && this.#open.index.size >= segmentBytes) await this.finish();
  }

  /** Adds rows of another table. */
  addRows(ipc: Uint8Array): Promise<void> {
    return this.#add(ipc);
  }

  async #add(ipc: Uint8Array, runs?: RunSpan[]): Promise<void> {
    this.#open ??= await this.#begin();
    const {file, index} = this.#open;
    const frame = encodeFrame("rows", ipc, noOrigin);
    file.write(frame, index.size);
    const about = describe(ipc);
    index.records.push({
      kind: "rows",
      at: index.size,
      length: ipc.length,
      ...about,
      runs: runs ?? about.runs
    });
    index.size += frame.length;
  }

  async #begin() {
    const name = this.#store.newName("sorted");
    const index = {size: 0, records: [], marks: {}, damage: []};
    return {name, file: await this.#store.files.open(name), index, latest: new LatestMetrics()};
  }

  /** Flushes the segment that is being written, and the table of contents beside it. */
  async finish(): Promise<void> {
    if (!this.#open) return;
    const {name, file, index, latest} = this.#open;
    file.flush();
    file.close();
    this.#open = null;
    const rows = latest.rows();
    const summary = rows.length > 0 ? encodeRows("latest_metrics", rows) : null;
    this.segments.push({name, kind: "sorted", index});
    await writeSidecar(this.#store.files, name, index, summary);
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    this.#open?.file.close();
    const names = [...this.segments.map(({name}) => name), ...(this.#open ? [this.#open.name] : [])];
    for (const name of names) {
      await this.#store.files.remove(`${name}.index`).catch(() => {});
      await this.#store.files.remove(name).catch(() => {});
    }
  }
}
