import type {StepProfile} from "../gpu/types.ts";
import type {RunError} from "./errors.ts";
import type {CheckpointMessage, RowsMessage} from "./protocol.ts";
import {Rate} from "./rate.ts";
import {type RowColumns, RowStore} from "./row-store.ts";
import type {Checkpoint, LogLine, Row, RunProgress} from "./row-types.ts";
import type {MetricBatch, RunRecord, RunStatus} from "./types.ts";

const maxLogLines = 1000;
/** Small fields are kept for this many of the newest rows. */
const maxFieldRows = 1000;

/** What of a run is no row of numbers: a store of metrics does not keep it. */
export interface Extras {
  /** The fields of rows that are not numbers; null when there are none. */
  rows: {
    /** Small ones of the newest rows, by row. */
    small: Map<number, Record<string, unknown>>;
    /** The newest value of each large one, and the row it came with. */
    large: Record<string, {row: number; value: unknown}>;
  } | null;
  checkpoints: Map<string, Checkpoint>;
  logs: readonly LogLine[];
}

/** The state of one run on the page, whoever looks at it. */
export class RunCore {
  record: RunRecord;
  /** True when the run was answered from the store. */
  readonly fromCache: boolean;
  /** True from the request to cancel until the end. */
  cancelRequested = false;
  /** How long its worker has answered nothing; null while it answers. */
  silentMs: number | null = null;
  /** What `await run` rejects with. */
  error: RunError | DOMException | null = null;
  logs: readonly LogLine[] = [];
  /** What its steps do on the GPU, once somebody has asked; waiting until that is known. */
  profile: StepProfile | "waiting" | null = null;
  readonly checkpoints: Map<string, Checkpoint>;
  #last: Row | null = null;
  readonly #rows = new RowStore();
  readonly #small: Map<number, Record<string, unknown>>;
  readonly #large: Record<string, {row: number; value: unknown}>;
  #hasBareRows = false;
  readonly #rate: Rate;
  readonly #listeners = new Set<() => void>();

  constructor(
    record: RunRecord,
    totalSteps: number | null,
    stored?: {batches: MetricBatch[]; extras?: Extras}
  ) {
    this.record = record;
    this.fromCache = stored !== undefined;
    this.#rate = new Rate(totalSteps);
    const {rows, checkpoints, logs} = stored?.extras ?? {};
    this.checkpoints = checkpoints ?? new Map();
    this.logs = logs ?? [];
    this.#small = rows?.small ?? new Map();
    this.#large = rows?.large ?? {};
    for (const batch of stored?.batches ?? []) this.#append(batch, {});
  }

  get ended(): boolean {
    return this.record.endedAt !== null;
  }

  get rows(): RowColumns {
    return this.#rows.view();
  }

  /** Rows that have come. */
  get rowCount(): number {
    return this.#rows.total;
  }

  /** The newest row; fields too large to keep for every row hold their newest value. */
  get last(): Row | null {
    return this.#last;
  }

  get progress(): RunProgress {
    const progress = this.#rate.progress(this.record.status === "completed");
    return this.silentMs === null || this.ended ? progress : {...progress, silentMs: this.silentMs};
  }

  /**
   * Whether rows had fields that are not numbers, or no number at all, or there are checkpoints: more than a store of
   * metrics keeps. Of a run without them it can be told whether all its rows are there.
   */
  get hasFields(): boolean {
    return this.#hasRowFields || this.checkpoints.size > 0;
  }

  get extras(): Extras {
    const rows = this.#hasRowFields ? {small: this.#small, large: this.#large} : null;
    return {rows, checkpoints: this.checkpoints, logs: this.logs};
  }

  get #hasRowFields(): boolean {
    return this.#hasBareRows || this.#small.size > 0 || Object.keys(this.#large).length > 0;
  }

  /** The number of the first row at or after `index` that is kept; the count of rows when there is none. */
  seek(index: number): number {
    return this.#rows.seek(index);
  }

  rowAt(index: number): Row {
    const row: Row = {...this.#rows.row(index), ...this.#small.get(index)};
    for (const [name, {row: at, value}] of Object.entries(this.#large)) if (at === index) row[name] = value;
    return row;
  }

  /** Calls back after every change. Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the run has ended, in whatever way. */
  whenEnded(): Promise<void> {
    return new Promise((resolve) => {
      if (this.ended) return resolve();
      const stop = this.subscribe(() => {
        if (!this.ended) return;
        stop();
        resolve();
      });
    });
  }

  update(change: Partial<RunRecord>): void {
    this.record = {...this.record, ...change};
    this.changed();
  }

  /** Ends the run; what comes for it later is ignored. */
  end(status: RunStatus, atMs: number, error: RunError | DOMException | null): void {
    if (this.ended) return;
    this.error = error;
    if (this.profile === "waiting") this.profile = null;
    this.update({
      status,
      endedAt: atMs,
      error: status === "completed" || status === "cancelled" || !error ? null : error.message
    });
  }

  takeRows(message: RowsMessage): void {
    const first = message.batch.seq;
    for (const [i, fields] of message.small) this.#small.set(first + i, fields);
    for (const index of this.#small.keys()) {
      if (this.#small.size <= maxFieldRows) break;
      this.#small.delete(index);
    }
    for (const [name, {row, value}] of Object.entries(message.large))
      this.#large[name] = {row: first + row, value};
    this.#append(message.batch, message);
    this.addLogs(message.logs);
  }

  addLogs(lines: readonly LogLine[]): void {
    if (lines.length > 0) this.logs = [...this.logs, ...lines].slice(-maxLogLines);
    this.changed();
  }

  /** Takes in what its steps do, or that somebody waits for it. */
  setProfile(profile: StepProfile | "waiting"): void {
    this.profile = profile;
    this.changed();
  }

  /** Notes trouble that does not end the run. */
  note(timeMs: number, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.addLogs([{timeMs, step: this.record.lastStep, level: "error", text}]);
  }

  takeCheckpoint({name, step, timeMs, tree, sizeBytes}: CheckpointMessage): void {
    this.checkpoints.set(name, {name, step, timeMs, tree, sizeBytes});
    this.changed();
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #append(batch: MetricBatch, about: {totalSteps?: number; fraction?: number}): void {
    const count = batch.step.length;
    if (count === 0) return;
    this.#rows.append(batch);
    this.#hasBareRows ||= hasBareRows(batch);
    const i = count - 1;
    const numbers: Row = {step: batch.step[i]};
    for (const [name, column] of Object.entries(batch.columns)) {
      if (batch.present?.[name]?.[i] !== 0) numbers[name] = column[i];
    }
    const large = Object.fromEntries(Object.entries(this.#large).map(([name, {value}]) => [name, value]));
    this.#last = {...large, ...numbers, ...this.#small.get(batch.seq + i)};
    this.record = {
      ...this.record,
      lastStep: batch.step.reduce((a, b) => Math.max(a, b), this.record.lastStep ?? -Infinity)
    };
    this.#rate.add(batch.timeMs[i], batch.step[i], about);
  }
}

/** Whether some row has no number. */
function hasBareRows({step, columns, present}: MetricBatch): boolean {
  const names = Object.keys(columns);
  if (names.some((name) => !present?.[name])) return false;
  return step.some((_, i) => names.every((name) => present?.[name][i] === 0));
}
