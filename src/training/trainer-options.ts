import type {CaptureSources} from "./capture/capture.ts";
import type {BackendMemory} from "./expected-backend.ts";
import type {RunSink} from "./types.ts";
import type {WorkerLike} from "./worker-link.ts";

/** What a trainer is made of; the page composes it. */
export interface TrainerOptions extends CaptureSources {
  createWorker(): WorkerLike;
  sink: RunSink;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Library versions by name; part of every fingerprint. */
  versions: Readonly<Record<string, string>>;
  /** What the backend was the last time: a page's first answer from the store need not wait for the worker. */
  backendMemory?: BackendMemory;
  /** Names this browser tab on its runs. */
  tab?: string;
  /** Lets the page notice that its worker died (navigator.locks). */
  locks?: Pick<LockManager, "request">;
  /** Calls back after some milliseconds unless the returned function is called; setTimeout without it. */
  delay?(callback: () => void, ms: number): () => void;
}
