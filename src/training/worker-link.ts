import {copyData} from "./capture/copy.ts";
import type {FromWorker, ToWorker} from "./protocol.ts";

/** What of a Worker is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: Event) => void): void;
  terminate(): void;
}

/** What a link is made of. */
export interface LinkOptions {
  createWorker(): WorkerLike;
  /** To notice a worker that died without a word. */
  locks?: Pick<LockManager, "request">;
  receive(message: FromWorker): void;
  /** The worker is gone, and with it all that was in it. */
  died(reason: string): void;
}

/** Data in the worker's store at most; the one not used longest goes first. */
const maxData = 4;

/** The page's end of the training worker: starts it when needed, and again after it died. */
export class WorkerLink {
  readonly #options: LinkOptions;
  #worker: WorkerLike | null = null;
  #watch: AbortController | null = null;
  #data = new Set<string>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Starts the worker if there is none, so that it loads while the page prepares a run. */
  open(): WorkerLike {
    if (this.#worker) return this.#worker;
    const worker = this.#options.createWorker();
    this.#worker = worker;
    worker.addEventListener("message", ({data}) => {
      if (worker !== this.#worker) return;
      const message = data as FromWorker;
      if (message.type === "ready") this.#watchOver(worker, message.lock);
      else this.#options.receive(message);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const reason = (event as ErrorEvent).message || "its script could not be loaded";
      if (worker === this.#worker) this.close(`The training worker failed: ${reason}.`);
    });
    worker.addEventListener("messageerror", () => {
      if (worker === this.#worker) this.close("A message of the training worker could not be read.");
    });
    return worker;
  }

  /** @throws DataCloneError when the message cannot be cloned. */
  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.open().postMessage(message, transfer);
  }

  /** Posts only if there is a worker: to one that died there is nothing to say. */
  tell(message: ToWorker): void {
    this.#worker?.postMessage(message, []);
  }

  /** Makes sure that the worker has this data. @throws CaptureError when it cannot be sent. */
  sendData(key: string, value: unknown): void {
    const isThere = this.#data.delete(key);
    if (!isThere) {
      const {copy, buffers} = copyData(value, "data");
      this.post({type: "data", key, value: copy}, buffers);
    }
    this.#data.add(key);
    for (const old of this.#data) {
      if (this.#data.size <= maxData) break;
      this.#data.delete(old);
      this.post({type: "dropData", key: old});
    }
  }

  /** Ends the worker, and says so with this reason. */
  close(reason: string): void {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = null;
    this.#watch?.abort();
    this.#data = new Set();
    worker.terminate();
    this.#options.died(reason);
  }

  /** The worker holds a lock while it lives: whoever gets it next learns that it is dead. */
  #watchOver(worker: WorkerLike, lock: string | null): void {
    if (lock === null || !this.#options.locks) return;
    const watch = new AbortController();
    this.#watch = watch;
    this.#options.locks
      .request(lock, {signal: watch.signal}, () => {
        if (worker === this.#worker) this.close("The training worker crashed, perhaps for lack of memory.");
      })
      .catch(() => undefined);
  }
}
