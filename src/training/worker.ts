import type {MemoryInfo} from "../gpu/types.ts";
import type {WorkerModules} from "./capture/revive.ts";
import type {FromWorker, StartMessage, ToWorker} from "./protocol.ts";
import type {KeepTimes} from "./resume.ts";
import type {MetricBatch} from "./types.ts";
import type {TrainingEngine} from "./worker/engine.ts";
import {makeHop} from "./worker/hop.ts";
import {RunTask} from "./worker/run-task.ts";
import {Turns} from "./worker/turns.ts";

/** What of a worker's global scope is used. */
export interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error" | "unhandledrejection", listener: (event: Event) => void): void;
}

/** What a training worker is made of. */
export interface TrainingService {
  scope: WorkerScope;
  /**
   * Loads the tensor library and opens its backend; called again after a failure, and when the device was lost:
   * `isBack` then.
   */
  loadEngine(isBack: boolean): Promise<TrainingEngine>;
  /** A batch as an Arrow IPC stream. */
  encode(batch: MetricBatch): Uint8Array;
  modules: WorkerModules;
  /** Lets the page notice this worker's death: it holds a lock while it lives. */
  locks?: Pick<LockManager, "request">;
  /** How long a cancelled function may go on waiting in one step, 3 s by default. */
  patienceMs?: number;
  /** How often trainings are kept to go on from. */
  keepTimes?: KeepTimes;
}

const noMemory: MemoryInfo = {tensors: 0, sizeBytes: 0};

/** Serves the training runs of one page in this worker. Returns a function that tells it that the device is gone. */
export function serveTraining(service: TrainingService): {lost(reason: string): void} {
  const {scope, encode, modules, keepTimes, patienceMs = 3000} = service;
  const now = () => performance.timeOrigin + performance.now();
  const post = (message: FromWorker, transfer: Transferable[] = []) => scope.postMessage(message, transfer);
  const turns = new Turns(now);
  const hop = makeHop();
  const tasks = new Map<string, RunTask>();
  const cancelledEarly = new Set<string>();
  const data = new Map<string, unknown>();

  let engine: Promise<TrainingEngine> | null = null;
  const openEngine = async (isBack: boolean) => {
    try {
      const loaded = await service.loadEngine(isBack);
      post({type: "opened", backend: loaded.backend});
      return loaded;
    } catch (error) {
      engine = null;
      post({type: "opened", backend: null});
      throw error;
    }
  };
  const loadEngine = () => {
    engine ??= openEngine(false);
    return engine;
  };
  /** The next engine is opened when all runs have let go of what was on the lost device. */
  const lost = (reason: string) => {
    const released = Promise.all([...tasks.values()].map((task) => task.loseDevice(reason)));
    const before = engine;
    engine = Promise.allSettled([before, released]).then(() => openEngine(true));
    engine.catch(() => undefined);
  };

  // The page learns who has the turn before the step begins: of a step that never ends nothing more is heard.
  let stepping: string | null = null;
  const tookTurn = (runId: string) => {
    if (stepping !== runId) post({type: "turn", runId});
    stepping = runId;
  };

  const starting = new Map<string, Readonly<Record<string, unknown>>>();
  const start = async (message: StartMessage) => {
    const {runId} = message;
    starting.set(runId, {});
    // At once: the page may drop data that only this run still reads while the library loads.
    const value = message.dataKey === null ? undefined : data.get(message.dataKey);
    let loaded: TrainingEngine;
    try {
      loaded = await loadEngine();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const wire = {
        name: "EngineError",
        message: `The training worker could not start: ${reason}`,
        frame: null
      };
      post({type: "ended", runId, status: "failed", error: wire, memory: noMemory});
      starting.delete(runId);
      return;
    }
    const live = {...message.live, ...starting.get(runId)};
    starting.delete(runId);
    post({type: "started", runId, backend: loaded.backend, startedAt: now()});
    const {memory} = loaded;
    const host = {
      engine: loaded,
      nextEngine: loadEngine,
      modules,
      ...(keepTimes && {keepTimes}),
      turns,
      tookTurn,
      hop,
      patienceMs,
      post,
      encode,
      memory: () => memory(),
      now
    };
    const task = new RunTask({...message, live}, value, host);
    tasks.set(runId, task);
    if (cancelledEarly.delete(runId)) task.cancel();
    await task.run();
    tasks.delete(runId);
    if (tasks.size === 0) loaded.ledger.sweep();
  };

  const receive = (message: ToWorker) => {
    if (message.type === "start") void start(message);
    else if (message.type === "data") data.set(message.key, message.value);
    else if (message.type === "dropData") data.delete(message.key);
    else if (message.type === "ping") post({type: "pong"});
    else if (message.type === "ack") tasks.get(message.runId)?.acknowledge(message.sizeBytes);
    else if (message.type === "profile") tasks.get(message.runId)?.profile();
    else if (message.type === "cancel") {
      const task = tasks.get(message.runId);
      if (task) task.cancel();
      else if (starting.has(message.runId)) cancelledEarly.add(message.runId);
    } else if (message.type === "live") {
      const task = tasks.get(message.runId);
      const early = starting.get(message.runId);
      if (task) task.setLive(message.values);
      else if (early) starting.set(message.runId, {...early, ...message.values});
    }
  };

  scope.addEventListener("message", (event) => receive(event.data as ToWorker));
  // What a function did not wait for fails outside of its steps; which run it was cannot be known when there are many.
  const complain = (event: Event, reason: unknown) => {
    if (tasks.size === 0) return;
    event.preventDefault();
    for (const task of tasks.values()) task.complain(reason);
  };
  scope.addEventListener("error", (event) =>
    complain(event, (event as ErrorEvent).error ?? (event as ErrorEvent).message)
  );
  scope.addEventListener("unhandledrejection", (event) =>
    complain(event, (event as PromiseRejectionEvent).reason)
  );

  void announce(service.locks, post);
  // The library is large: it loads while the page still hashes what it is about to send.
  loadEngine().catch(() => undefined);
  return {lost};
}

async function announce(locks: TrainingService["locks"], post: (message: FromWorker) => void): Promise<void> {
  if (!locks) return post({type: "ready", lock: null});
  const lock = `petri-training-${crypto.randomUUID()}`;
  // Held until the worker is gone, however it goes.
  await locks.request(lock, () => {
    post({type: "ready", lock});
    return new Promise<never>(() => undefined);
  });
}
