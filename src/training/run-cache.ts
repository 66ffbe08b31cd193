import {CheckpointKeeper, type CheckpointOptions} from "./artifacts/checkpoints.ts";
import {extrasFromArtifacts, extrasToArtifacts} from "./artifacts/extras.ts";
import type {Job} from "./job.ts";
import type {CheckpointMessage} from "./protocol.ts";
import {type Extras, RunCore} from "./run-core.ts";
import {sizeOf} from "./size.ts";
import type {RunSink} from "./types.ts";

const maxBytes = 64 * 2 ** 20;
/** The store is waited for this long. */
const patienceMs = 10_000;

/** What decides under which fingerprint a run is recorded. */
type Keyed = Pick<Job, "core" | "fingerprint" | "isMoved" | "liveChanged">;

/**
 * Answers finished runs. The store has their numbers; what else their rows had, their checkpoints and logs are its
 * artifacts, and the newest are also held here, within a limit. A run whose rows cannot be had whole is not answered.
 */
export class RunCache {
  readonly #sink: RunSink;
  readonly #delay: (callback: () => void, ms: number) => void;
  readonly #checkpoints: CheckpointKeeper;
  /** Fingerprints of runs that have ended and are being stored. */
  readonly #keeping = new Map<string, Promise<unknown>>();
  readonly #held = new Map<string, {extras: Extras; sizeBytes: number}>();
  #sizeBytes = 0;

  constructor({sink, now, delay}: CheckpointOptions & {sink: RunSink}) {
    this.#sink = sink;
    this.#delay = delay;
    this.#checkpoints = new CheckpointKeeper({sink, now, delay});
  }

  /** A run that goes has a new checkpoint. */
  takeCheckpoint(core: RunCore, message: CheckpointMessage): void {
    core.takeCheckpoint(message);
    this.#checkpoints.take(core, message.name);
  }

  /** The completed run with this fingerprint; null also when the store fails, or does not answer in time. */
  find(fingerprint: string): Promise<RunCore | null> {
    const ask = async () => {
      await this.#keeping.get(fingerprint);
      return (await this.#find(fingerprint, false)) ?? (await this.#find(fingerprint, true));
    };
    return this.#patiently(ask(), null);
  }

  /** Whether the store has a run with one of these fingerprints. */
  hasAny(fingerprints: Iterable<string>): Promise<boolean> {
    const ask = async () => {
      for (const fingerprint of fingerprints) {
        if (await this.#sink.find(fingerprint)) return true;
        if (await this.#sink.find(`${fingerprint}+fields`)) return true;
      }
      return false;
    };
    return this.#patiently(ask(), false);
  }

  /** A store in trouble must not keep anybody from training. */
  #patiently<T>(asked: Promise<T>, otherwise: T): Promise<T> {
    const answered = asked.catch((error: unknown) => {
      console.error("Petri's store could not be asked for a finished run.", error);
      return otherwise;
    });
    return Promise.race([
      answered,
      new Promise<T>((resolve) => this.#delay(() => resolve(otherwise), patienceMs))
    ]);
  }

  async #find(fingerprint: string, withFields: boolean): Promise<RunCore | null> {
    const held = this.#touch(fingerprint);
    const found = await this.#sink.find(withFields ? `${fingerprint}+fields` : fingerprint);
    if (!found) return null;
    const {run, batches} = found;
    const extras = held ?? (await extrasFromArtifacts(await this.#sink.artifacts(run.runId), withFields));
    return extras && new RunCore(run, null, {batches, extras});
  }

  /** Says under which fingerprint a run that has ended is to be recorded. */
  keyOf({core, fingerprint, isMoved, liveChanged}: Keyed): string {
    // Started with other live values than it ended with, or on another backend: nobody can ask for that again.
    if (liveChanged) return `${fingerprint}+live`;
    if (isMoved) return `${fingerprint}+moved`;
    return core.hasFields ? `${fingerprint}+fields` : fingerprint;
  }

  /** Keeps what the tables do not have of a run that has ended. Resolves with what could not be kept, for people. */
  keep(fingerprint: string, core: RunCore): Promise<string[]> {
    if (!core.hasFields && core.logs.length === 0) return Promise.resolve([]);
    if (core.record.status === "completed") this.#hold(fingerprint, core.extras);
    const keeping = this.#keep(core).finally(() => {
      if (this.#keeping.get(fingerprint) === settled) this.#keeping.delete(fingerprint);
    });
    const settled = keeping.catch(() => {});
    this.#keeping.set(fingerprint, settled);
    return keeping;
  }

  async #keep(core: RunCore): Promise<string[]> {
    const {extras, record} = core;
    const missing = await this.#checkpoints.finish(core);
    const {artifacts, notKept} = await extrasToArtifacts(record.runId, extras, record.endedAt ?? 0);
    for (const artifact of artifacts) await this.#sink.keepArtifact(artifact);
    return [...missing, ...notKept].map(
      ({what, reason}) => `The store does not have ${what} of this run: ${reason.replace(/\.$/, "")}.`
    );
  }

  #touch(fingerprint: string): Extras | undefined {
    const entry = this.#held.get(fingerprint);
    if (!entry) return undefined;
    this.#held.delete(fingerprint);
    this.#held.set(fingerprint, entry);
    return entry.extras;
  }

  #hold(fingerprint: string, extras: Extras): void {
    this.#drop(fingerprint);
    const {rows, checkpoints, logs} = extras;
    const sizeBytes = sizeOf([rows && [...rows.small.values(), rows.large], ...checkpoints.values(), logs]);
    this.#held.set(fingerprint, {extras, sizeBytes});
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#held.keys()) {
      if (this.#sizeBytes <= maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(fingerprint: string): void {
    this.#sizeBytes -= this.#held.get(fingerprint)?.sizeBytes ?? 0;
    this.#held.delete(fingerprint);
  }
}
