import type {MemoryInfo} from "../../gpu/types.ts";
import type {FromWorker, RowsMessage} from "../protocol.ts";
import type {LogLine} from "../row-types.ts";
import {sizeOf} from "../size.ts";
import type {MetricBatch} from "../types.ts";
import type {ReadRow} from "./read-row.ts";

/** Rows leave at most this often; twice as long apart when many come, whose taking in costs the page more. */
const flushMs = 25;
const manyRows = 64;
/** Fields up to this size are sent for every row, larger ones only for the newest. */
const smallBytes = 256;
/** The run waits when the page has this much of it not yet taken in. */
const maxUnackedBytes = 8 * 2 ** 20;
const maxLogLines = 1000;

/** What an outbox needs from its worker. */
export interface OutboxHost {
  post(message: FromWorker, transfer: Transferable[]): void;
  encode(batch: MetricBatch): Uint8Array;
  memory(): MemoryInfo;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Gathers a run's rows and log lines and sends them on in batches. */
export class Outbox {
  /** The last step that yielded a row, null before the first. */
  lastStep: number | null = null;
  rowCount = 0;
  /** Lines that the run's function has logged. */
  loggedCount = 0;
  readonly #runId: string;
  readonly #host: OutboxHost;
  #rows: {timeMs: number; row: ReadRow}[] = [];
  #logs: LogLine[] = [];
  #droppedLogs = 0;
  #large: RowsMessage["large"] = {};
  #flushedAt = Number.NEGATIVE_INFINITY;
  /** Until the next batch. */
  #waitMs = flushMs;
  #unackedBytes = 0;
  #onCredit: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(runId: string, host: OutboxHost) {
    this.#runId = runId;
    this.#host = host;
  }

  add(row: ReadRow): void {
    for (const [name, value] of Object.entries(row.fields)) {
      if (sizeOf(value) <= smallBytes) continue;
      this.#large[name] = {row: this.#rows.length, value};
      delete row.fields[name];
    }
    this.#rows.push({timeMs: this.#host.now(), row});
    this.lastStep = row.step;
    this.rowCount += 1;
    // For a step that turns out to wait long after a row; steps that do not wait send it by `flushIfDue`.
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs);
  }

  log(level: LogLine["level"], text: string): void {
    if (this.#logs.length >= maxLogLines) this.#droppedLogs += 1;
    else this.#logs.push({timeMs: this.#host.now(), step: this.lastStep, level, text});
    // Posting works in the middle of a step, so that a long step's messages are seen while it runs.
    if (this.#host.now() - this.#flushedAt >= this.#waitMs) this.flush();
  }

  /** Sends what is there if it would be too old when the next step, of about `nextStepMs`, is done. */
  flushIfDue(nextStepMs: number): void {
    if (this.#host.now() + nextStepMs - this.#flushedAt >= this.#waitMs) this.flush();
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#rows.length === 0 && this.#logs.length === 0) return;
    if (this.#droppedLogs > 0) {
      const text = `${this.#droppedLogs} more lines were dropped: log(...) was called too often.`;
      this.#logs.push({timeMs: this.#host.now(), step: this.lastStep, level: "error", text});
    }
    const rows = this.#rows;
    const batch = batchOf(this.#runId, this.rowCount - rows.length, rows);
    const ipc = Object.keys(batch.columns).length > 0 ? ownBuffer(this.#host.encode(batch)) : null;
    const last = rows.at(-1)?.row;
    const message: RowsMessage = {
      type: "rows",
      runId: this.#runId,
      batch,
      ipc,
      small: rows.flatMap(({row}, i) => (Object.keys(row.fields).length > 0 ? [[i, row.fields]] : [])),
      large: this.#large,
      ...(last?.totalSteps !== undefined && {totalSteps: last.totalSteps}),
      ...(last?.fraction !== undefined && {fraction: last.fraction}),
      logs: this.#logs,
      memory: this.#host.memory(),
      sizeBytes: 0
    };
    message.sizeBytes = sizeOf(message);
    this.#unackedBytes += message.sizeBytes;
    this.#rows = [];
    this.#logs = [];
    this.#droppedLogs = 0;
    this.#large = {};
    this.#flushedAt = this.#host.now();
    this.#waitMs = rows.length > manyRows ? 2 * flushMs : flushMs;
    const columns = [
      batch.step,
      batch.timeMs,
      ...Object.values(batch.columns),
      ...Object.values(batch.present ?? {})
    ];
    this.#host.post(message, [
      ...columns.map(({buffer}) => buffer),
      ...(ipc ? [ipc.buffer] : [])
    ] as ArrayBuffer[]);
  }

  /** Sends something else that the page must acknowledge. */
  send(message: FromWorker & {sizeBytes: number}): void {
    this.#unackedBytes += message.sizeBytes;
    this.#host.post(message, []);
  }

  /** The page has taken in this much. */
  acknowledge(sizeBytes: number): void {
    this.#unackedBytes -= sizeBytes;
    if (!this.isFull) this.open();
  }

  /** Whether the page is behind and the run should wait. */
  get isFull(): boolean {
    return this.#unackedBytes > maxUnackedBytes;
  }

  /** Resolves when the page has caught up, or when `open` is called. */
  credit(): Promise<void> {
    return new Promise((resolve) => {
      this.#onCredit = resolve;
    });
  }

  /** Lets a waiting run go on, for it is to end. */
  open(): void {
    this.#onCredit?.();
    this.#onCredit = null;
  }
}

function batchOf(runId: string, seq: number, rows: readonly {timeMs: number; row: ReadRow}[]): MetricBatch {
  const names = new Set(rows.flatMap(({row}) => Object.keys(row.numbers)));
  const columns: Record<string, Float64Array> = {};
  const present: Record<string, Uint8Array> = {};
  for (const name of names) {
    columns[name] = Float64Array.from(rows, ({row}) => row.numbers[name] ?? Number.NaN);
    if (rows.every(({row}) => name in row.numbers)) continue;
    present[name] = Uint8Array.from(rows, ({row}) => (name in row.numbers ? 1 : 0));
  }
  return {
    runId,
    seq,
    step: Float64Array.from(rows, ({row}) => row.step),
    timeMs: Float64Array.from(rows, ({timeMs}) => timeMs),
    columns,
    ...(Object.keys(present).length > 0 && {present})
  };
}

/** The same bytes in a buffer of their own, which can be transferred. */
const ownBuffer = (bytes: Uint8Array) =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
