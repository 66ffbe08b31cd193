import {SchemaVersionError} from "../migrate.ts";
import type {TableName} from "../schema.ts";
import {ArchiveError, JournalError} from "./errors.ts";
import type {CallName, Calls, FromWorker, SentError, ToWorker} from "./protocol.ts";
import {checkRecord} from "./record-version.ts";
import {StatusBoard} from "./status.ts";
import {Streams} from "./streams.ts";
import type {Journal, JournalRecord, JournalStatus} from "./types.ts";
import type {TableStream} from "./with-snapshot.ts";

/** What a page needs of a Worker. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  addEventListener(type: "message", listener: (event: {data: FromWorker}) => void): void;
  addEventListener(type: "error", listener: (event: {message?: string}) => void): void;
  terminate(): void;
}

/** What a page can ask of the browser, and a worker cannot. */
export type JournalStorage = Partial<Pick<StorageManager, "persist">> | undefined;

interface Pending {
  message: ToWorker;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** How often a worker that died is started again. */
const restarts = 3;
/** After so many foreign records the worker is told that they were taken. */
const tookEvery = 256;

const newerWords =
  "Another tab has a newer version of Petri, whose runs cannot be read here. Reload this page to see them.";

function errorOf({name, message}: SentError): Error {
  if (name === "ArchiveError") return new ArchiveError(message);
  return Object.assign(new JournalError(message), {name});
}

/** 16 hex digits that no other tab has. */
function newTab(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The journal of a page, by way of its worker. */
export class PageJournal implements Journal {
  readonly #createWorker: () => WorkerLike;
  readonly #workspace: string;
  readonly #storage: JournalStorage;
  readonly #tab = newTab();
  readonly #board = new StatusBoard("follower");
  readonly #foreign = new Set<(record: JournalRecord) => void>();
  readonly #deleted = new Set<(runIds: readonly string[]) => void>();
  /** Records that are not known to be on disk, by number; sent again when the worker has to be started again. */
  readonly #appends = new Map<number, Pending>();
  readonly #calls = new Map<number, Pending>();
  readonly #reads = new Map<number, Streams>();
  /** Resolves when it is known who leads. @throws JournalError when the worker cannot be started. */
  readonly ready: Promise<void>;
  #worker: WorkerLike | null = null;
  #markReady: () => void = () => {};
  #refuse: (error: Error) => void = () => {};
  #appended = 0;
  #told = 0;
  #nextId = 1;
  #restarts = 0;

  constructor(createWorker: () => WorkerLike, workspace: string, storage: JournalStorage) {
    this.#createWorker = createWorker;
    this.#workspace = workspace;
    this.#storage = storage;
    this.ready = new Promise((resolve, reject) => {
      this.#markReady = resolve;
      this.#refuse = reject;
    });
    this.#start();
  }

  get status(): JournalStatus {
    return this.#board.status;
  }

  subscribe(listener: () => void): () => void {
    return this.#board.subscribe(listener);
  }

  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      const number = ++this.#appended;
      const message = {type: "append", number, record: {...record, ipc: alone(record.ipc)}} as const;
      this.#appends.set(number, {message, resolve: () => resolve(), reject});
      this.#post(message);
    });
  }

  onForeign(listener: (record: JournalRecord) => void): () => void {
    this.#foreign.add(listener);
    return () => this.#foreign.delete(listener);
  }

  onDeleted(listener: (runIds: readonly string[]) => void): () => void {
    this.#deleted.add(listener);
    return () => this.#deleted.delete(listener);
  }

  read(tables?: readonly TableName[]): AsyncIterable<TableStream> {
    const id = this.#nextId++;
    const streams = new Streams({
      more: () => this.#post({type: "more", id}),
      stop: () => {
        this.#reads.delete(id);
        this.#post({type: "stop", id});
      }
    });
    this.#reads.set(id, streams);
    this.#post({type: "read", id, tables, appended: this.#appended, told: this.#told});
    return streams;
  }

  readRun(runId: string): Promise<Uint8Array[]> {
    return this.#call("readRun", runId);
  }

  readMetrics(runIds: readonly string[], keys: readonly string[]): Promise<Uint8Array | null> {
    return this.#call("readMetrics", runIds, keys);
  }

  putBlob(bytes: Uint8Array): Promise<string> {
    return this.#call("putBlob", alone(bytes));
  }

  getBlob(sha256: string): Promise<Uint8Array | null> {
    return this.#call("getBlob", sha256);
  }

  removeBlob(sha256: string): Promise<void> {
    return this.#call("removeBlob", sha256);
  }

  deleteRuns(runIds: readonly string[]): Promise<void> {
    return this.#call("deleteRuns", runIds);
  }

  compact(): Promise<void> {
    return this.#call("compact");
  }

  exportArchive(signal?: AbortSignal): Promise<Blob> {
    return this.#callUntil(signal, "exportArchive");
  }

  importArchive(archive: Blob, signal?: AbortSignal): Promise<{runs: number; sizeBytes: number}> {
    return this.#callUntil(signal, "importArchive", archive);
  }

  async persist(): Promise<boolean> {
    const persisted = (await this.#storage?.persist?.()) ?? false;
    await this.#call("measure");
    return persisted;
  }

  usage(): Promise<{runId: string; sizeBytes: number}[]> {
    return this.#call("usage");
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#appends.values()].map((pending) => settled(pending)));
    await this.#call("close");
    this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): void {
    const worker = this.#createWorker();
    this.#worker = worker;
    worker.addEventListener("message", ({data}) => this.#hear(data));
    worker.addEventListener("error", ({message}) => this.#restart(message ?? "unknown reason"));
    worker.postMessage({type: "open", tab: this.#tab, workspace: this.#workspace});
    for (const {message} of [...this.#appends.values(), ...this.#calls.values()]) worker.postMessage(message);
  }

  /** A worker that died takes nothing along: what is on disk stays, and what is not is sent again. */
  #restart(reason: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    const error = new JournalError(
      `The journal's worker stopped: ${reason}. Reload the page to go on recording.`
    );
    for (const streams of this.#reads.values()) streams.end(error);
    this.#reads.clear();
    this.#told = 0;
    if (this.#restarts++ < restarts) {
      this.#start();
      return;
    }
    const unwrittenBytes = [...this.#appends.values()].reduce(
      (sum, {message}) => sum + (message.type === "append" ? message.record.ipc.length : 0),
      0
    );
    this.#board.set({failure: {message: error.message, unwrittenBytes}});
    for (const {reject} of [...this.#appends.values(), ...this.#calls.values()]) reject(error);
    this.#appends.clear();
    this.#calls.clear();
    this.#refuse(error);
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "status":
        this.#board.set(message.status);
        this.#markReady();
        break;
      case "written":
        this.#settle(this.#appends, message.number, undefined, message.error);
        break;
      case "answer":
        this.#settle(this.#calls, message.id, message.value, message.error);
        break;
      case "stream": {
        const streams = this.#reads.get(message.id);
        if (message.stream) streams?.push(message.stream);
        else {
          this.#reads.delete(message.id);
          streams?.end(message.error && errorOf(message.error));
        }
        break;
      }
      case "foreign":
        this.#told++;
        this.#tellForeign(message.record);
        if (this.#told % tookEvery === 0) this.#post({type: "took", told: this.#told});
        break;
      case "deleted":
        for (const listener of [...this.#deleted]) listener(message.runIds);
        break;
    }
  }

  /** What a newer program in another tab writes is passed over here, which is said once: nothing could read it. */
  #tellForeign(record: JournalRecord): void {
    try {
      checkRecord(record.ipc);
    } catch (error) {
      if (!(error instanceof SchemaVersionError)) throw error;
      if (this.status.newer === undefined) this.#board.set({newer: newerWords});
      return;
    }
    for (const listener of [...this.#foreign]) listener(record);
  }

  #settle(pending: Map<number, Pending>, id: number, value: unknown, error?: SentError): void {
    const waiting = pending.get(id);
    if (!waiting) return;
    pending.delete(id);
    if (error) waiting.reject(errorOf(error));
    else waiting.resolve(value);
  }

  #call<N extends CallName>(name: N, ...args: Parameters<Calls[N]>): Promise<ReturnType<Calls[N]>> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const message = {type: "call", id, name, args} as const;
      this.#calls.set(id, {message, resolve: resolve as (value: unknown) => void, reject});
      this.#post(message);
    });
  }

  /** The same; the worker is told when the signal aborts. @throws the signal's reason then, when the worker has stopped. */
  async #callUntil<N extends CallName>(
    signal: AbortSignal | undefined,
    name: N,
    ...args: Parameters<Calls[N]>
  ): Promise<ReturnType<Calls[N]>> {
    signal?.throwIfAborted();
    const id = this.#nextId;
    const cancel = () => this.#post({type: "cancel", id});
    signal?.addEventListener("abort", cancel);
    try {
      return await this.#call(name, ...args);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }
}

/** The bytes without the rest of their buffer, which would travel along. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Resolves when a record was answered. */
function settled(pending: Pending): Promise<void> {
  return new Promise((done) => {
    const {resolve, reject} = pending;
    pending.resolve = (value) => {
      resolve(value);
      done();
    };
    pending.reject = (error) => {
      reject(error);
      done();
    };
  });
}
