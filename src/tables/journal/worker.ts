import type {Backend, Written} from "./backend.ts";
import {Credits} from "./credits.ts";
import {type Calls, type FromWorker, sendable, type ToWorker} from "./protocol.ts";
import type {Origin} from "./record.ts";
import {readAndClose, withSnapshot} from "./with-snapshot.ts";
import {browserEnvironment, openBackend, type WorkerEnvironment} from "./worker-backend.ts";

/** Where the worker hears its page: its global scope. */
export interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: {data: ToWorker}) => void): void;
}

/** Streams that are on their way to the page at a time: enough that it need not wait for the next. */
const ahead = 3;

const idOf = ({tab, number}: Origin) => `${tab}/${number}`;

/** The worker's side of a page's journal. */
class JournalWorker {
  readonly #scope: WorkerScope;
  readonly #tab: string;
  readonly #reads = new Map<number, Credits>();
  readonly #calls = new Map<number, AbortController>();
  /** Foreign records that the page may not have heard of yet, oldest first. */
  #told: Origin[] = [];
  /** How many came before those. */
  #taken = 0;
  /** For each reading that has no snapshot yet, what is not to be in it: what the page heard after it asked. */
  readonly #later = new Set<Set<string>>();
  #backend: Backend | undefined;
  readonly #opened: Promise<() => Promise<void>>;
  #stop: (() => void)[] = [];

  constructor(scope: WorkerScope, environment: WorkerEnvironment, tab: string, workspace: string) {
    this.#scope = scope;
    this.#tab = tab;
    this.#opened = openBackend(environment, workspace, (backend) => this.#use(backend));
  }

  async hear(message: ToWorker): Promise<void> {
    await this.#opened;
    const backend = this.#backend as Backend;
    switch (message.type) {
      case "append": {
        const {number, record} = message;
        backend.write(record, {tab: this.#tab, number}).then(
          () => this.#scope.postMessage({type: "written", number}),
          (error: unknown) => this.#scope.postMessage({type: "written", number, error: sendable(error)})
        );
        break;
      }
      case "call": {
        const {id, name, args} = message;
        const controller = new AbortController();
        this.#calls.set(id, controller);
        this.#call(backend, name, args, controller.signal)
          .then(
            (value) => this.#scope.postMessage({type: "answer", id, value}),
            (error: unknown) => this.#scope.postMessage({type: "answer", id, error: sendable(error)})
          )
          .finally(() => this.#calls.delete(id));
        break;
      }
      case "cancel":
        this.#calls.get(message.id)?.abort();
        break;
      case "read":
        void this.#read(backend, message);
        break;
      case "more":
        this.#reads.get(message.id)?.add();
        break;
      case "stop":
        this.#reads.get(message.id)?.stop();
        break;
      case "took":
        this.#forget(message.told);
        break;
    }
  }

  #use(backend: Backend): void {
    for (const stop of this.#stop) stop();
    this.#backend = backend;
    const tellStatus = () => this.#scope.postMessage({type: "status", status: backend.status});
    this.#stop = [backend.subscribe(tellStatus), backend.onWritten((written) => this.#tell(written))];
    tellStatus();
  }

  #tell({records, deleted}: Written): void {
    for (const {record, origin} of records) {
      if (origin.tab === this.#tab) continue;
      this.#told.push(origin);
      for (const later of this.#later) later.add(idOf(origin));
      this.#scope.postMessage({type: "foreign", record});
    }
    for (const {tab, runIds} of deleted) {
      if (tab !== this.#tab) this.#scope.postMessage({type: "deleted", runIds});
    }
  }

  #forget(told: number): void {
    this.#told = this.#told.slice(Math.max(0, told - this.#taken));
    this.#taken = Math.max(told, this.#taken);
  }

  async #read(backend: Backend, {id, tables, appended, told}: ToWorker & {type: "read"}): Promise<void> {
    const later = new Set(this.#told.slice(Math.max(0, told - this.#taken)).map(idOf));
    this.#later.add(later);
    this.#forget(told);
    const credits = new Credits(ahead);
    this.#reads.set(id, credits);
    const isLater = (origin: Origin) =>
      origin.tab === this.#tab ? origin.number > appended : later.has(idOf(origin));
    const snapshot = backend.snapshot(isLater).finally(() => this.#later.delete(later));
    try {
      for await (const stream of readAndClose(snapshot, tables)) {
        await credits.take();
        if (credits.isStopped) break;
        this.#scope.postMessage({type: "stream", id, stream}, [stream.ipc.buffer]);
      }
      this.#scope.postMessage({type: "stream", id});
    } catch (error) {
      this.#scope.postMessage({type: "stream", id, error: sendable(error)});
    } finally {
      this.#reads.delete(id);
    }
  }

  async #call(backend: Backend, name: keyof Calls, args: unknown[], signal: AbortSignal): Promise<unknown> {
    switch (name) {
      case "readRun": {
        const {readRunStreams} = await import("./read.ts");
        return withSnapshot(backend, (snapshot) => readRunStreams(snapshot, args[0] as string));
      }
      case "readMetrics": {
        const {readMetricStream} = await import("./read.ts");
        const [runIds, keys] = args as [string[], string[]];
        return withSnapshot(backend, (snapshot) => readMetricStream(snapshot, runIds, keys));
      }
      case "usage": {
        const {usageOf} = await import("./usage.ts");
        return withSnapshot(backend, usageOf);
      }
      case "exportArchive": {
        const {exportArchive} = await import("./export-archive.ts");
        return exportArchive(backend, signal);
      }
      case "importArchive": {
        const {importArchive} = await import("./import-archive.ts");
        return importArchive(args[0] as Blob, backend, signal);
      }
      case "putBlob":
        return backend.putBlob(args[0] as Uint8Array);
      case "getBlob":
        return backend.getBlob(args[0] as string);
      case "removeBlob":
        return backend.removeBlob(args[0] as string);
      case "deleteRuns":
        return backend.deleteRuns(args[0] as string[], this.#tab);
      case "compact":
        return backend.compact();
      case "measure":
        return backend.measure();
      case "close":
        return (await this.#opened)();
    }
  }
}

/** Serves the journal of one page: the whole of what its worker does. */
export function serveJournal(
  scope: WorkerScope,
  environment: WorkerEnvironment = browserEnvironment()
): void {
  let worker: JournalWorker | undefined;
  scope.addEventListener("message", ({data}) => {
    if (data.type === "open") worker = new JournalWorker(scope, environment, data.tab, data.workspace);
    else void worker?.hear(data);
  });
}
