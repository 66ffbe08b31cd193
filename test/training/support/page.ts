import type {CaptureSources} from "../../../src/training/capture/capture.ts";
import {Trainer} from "../../../src/training/client.ts";
import type {FromWorker} from "../../../src/training/protocol.ts";
import type {TrainerOptions} from "../../../src/training/trainer-options.ts";
import type {MetricBatch} from "../../../src/training/types.ts";
import {serveTraining, type TrainingService, type WorkerScope} from "../../../src/training/worker.ts";
import type {WorkerLike} from "../../../src/training/worker-link.ts";
import {FakeEngine} from "./fake-engine.ts";
import {MemorySink} from "./memory-sink.ts";

export {fn, rejection, until, when} from "./runs.ts";

/** A page and its worker in one process, a real message channel between them. */
export interface Page {
  trainer: Trainer;
  sink: MemorySink;
  engines: FakeEngine[];
  /** How many workers were started. */
  workers: FakeWorker[];
  /** Calls all delayed callbacks, as if their time had come. */
  elapse(): void;
}

/** Talks to `serveTraining` over a channel. */
export class FakeWorker implements WorkerLike {
  /** While true it answers nothing and hears nothing, as in an endless loop. */
  stuck = false;
  terminated = false;
  /** Messages that reached the worker. */
  readonly received: {type: string}[] = [];
  /** Messages that it sent. */
  readonly sent: FromWorker[] = [];
  /** Messages of this type do not reach it. */
  deaf: string | null = null;
  /** Tells the worker that its device is gone. */
  readonly lose: (reason: string) => void;
  readonly #inside = new Map<string, (event: never) => void>();
  readonly #channel = new MessageChannel();
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(serve: (scope: WorkerScope) => {lost(reason: string): void}) {
    const {port1, port2} = this.#channel;
    const scope: WorkerScope = {
      postMessage: (message, transfer) => {
        if (this.stuck) return;
        this.sent.push(message as FromWorker);
        port2.postMessage(message, transfer);
      },
      addEventListener: (type: string, listener: (event: never) => void) => {
        this.#inside.set(type, listener);
        if (type !== "message") return;
        port2.addEventListener("message", (event) => {
          if (this.stuck || event.data.type === this.deaf) return;
          this.received.push((event as MessageEvent).data);
          (listener as (event: MessageEvent) => void)(event as MessageEvent);
        });
        port2.start();
      }
    };
    port1.addEventListener("message", (event) => this.emit("message", event));
    port1.start();
    this.lose = serve(scope).lost;
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#channel.port1.postMessage(message, transfer);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as (event: unknown) => void)(event);
  }

  /** An event within the worker. */
  emitInside(type: string, event: object): void {
    (this.#inside.get(type) as ((event: object) => void) | undefined)?.(event);
  }

  terminate(): void {
    this.terminated = true;
    this.#channel.port1.close();
    this.#channel.port2.close();
  }
}

const open: Page[] = [];

/** Opens a page; `closePages` ends it. */
export function openPage(
  options: Partial<TrainerOptions> & {service?: Partial<TrainingService>; sources?: CaptureSources} = {}
): Page {
  const {service, ...rest} = options;
  const sink = new MemorySink();
  const engines: FakeEngine[] = [];
  const workers: FakeWorker[] = [];
  let delayed: (() => void)[] = [];
  const createWorker = () => {
    const engine = new FakeEngine();
    engines.push(engine);
    const encode = (batch: MetricBatch) => new Uint8Array(8 * batch.step.length);
    const worker = new FakeWorker((scope) =>
      serveTraining({scope, encode, modules: {}, loadEngine: async () => engine, patienceMs: 20, ...service})
    );
    workers.push(worker);
    return worker;
  };
  const trainer = new Trainer({
    createWorker,
    sink,
    now: () => Date.now(),
    versions: {petri: "test"},
    delay: (callback) => {
      delayed.push(callback);
      return () => undefined;
    },
    ...rest
  });
  const elapse = () => {
    const due = delayed;
    delayed = [];
    for (const callback of due) callback();
  };
  const page = {trainer, sink, engines, workers, elapse};
  open.push(page);
  return page;
}

/** Ends what is still going, so that no function runs on behind the next test. */
export async function closePages(): Promise<void> {
  for (const {trainer} of open.splice(0)) {
    trainer.cancelAll();
    await new Promise<void>((resolve) => {
      const check = () => trainer.active.length === 0 && resolve();
      trainer.subscribe(check);
      check();
    });
    trainer.dispose();
  }
}
