import type {RunCore} from "../run-core.ts";
import type {RunSink} from "../types.ts";
import {checkpointArtifact, type NotKept} from "./extras.ts";

/** Checkpoints of one name of a run are stored at most this often while it goes. */
const everyMs = 2000;
/** Large ones less often: storing takes at most one part in so many of the time. */
const restFactor = 4;

/** How far a checkpoint's name is. */
interface Entry {
  /** How many of them have come, and which of them was tried to be stored, and is. */
  taken: number;
  tried: number;
  stored: number;
  /** Whether the next one is stored by itself when its time has come. */
  isPaced: boolean;
  /** Why the newest is not stored, where that was tried. */
  problem: string | null;
}

export interface CheckpointOptions {
  sink: Pick<RunSink, "keepArtifact">;
  /** Milliseconds since the epoch. */
  now(): number;
  delay(callback: () => void, ms: number): void;
}

/**
 * Stores the checkpoints of runs while they go, so that a page that is killed loses the last seconds of them. One at a
 * time is in memory besides those that the runs hold.
 */
export class CheckpointKeeper {
  readonly #options: CheckpointOptions;
  readonly #runs = new Map<RunCore, Map<string, Entry>>();
  #last: Promise<void> = Promise.resolve();

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** A run has a new checkpoint of that name. */
  take(core: RunCore, name: string): void {
    const entries = this.#runs.get(core) ?? new Map<string, Entry>();
    this.#runs.set(core, entries);
    const entry = entries.get(name) ?? {taken: 0, tried: 0, stored: 0, isPaced: false, problem: null};
    entries.set(name, entry);
    entry.taken += 1;
    if (!entry.isPaced) void this.#pace(core, name, entry);
  }

  /** Stores what is not stored yet of a run that has ended. Resolves with what could not be, for people. */
  async finish(core: RunCore): Promise<NotKept[]> {
    const entries = [...(this.#runs.get(core) ?? [])];
    this.#runs.delete(core);
    for (const [name, entry] of entries) {
      // Nobody is to begin another one; one that is under way comes first.
      entry.isPaced = true;
      await this.#store(core, name, entry);
    }
    return entries.flatMap(([name, {problem}]) =>
      problem === null ? [] : [{what: `checkpoint/${name}`, reason: problem}]
    );
  }

  async #pace(core: RunCore, name: string, entry: Entry): Promise<void> {
    entry.isPaced = true;
    const startedAt = this.#options.now();
    await this.#store(core, name, entry);
    const restMs = Math.max(everyMs, restFactor * (this.#options.now() - startedAt));
    this.#options.delay(() => {
      if (!this.#runs.has(core)) return;
      entry.isPaced = false;
      if (entry.taken > entry.tried) void this.#pace(core, name, entry);
    }, restMs);
  }

  #store(core: RunCore, name: string, entry: Entry): Promise<void> {
    this.#last = this.#last.then(async () => {
      const checkpoint = core.checkpoints.get(name);
      if (!checkpoint || entry.stored === entry.taken) return;
      const {taken} = entry;
      entry.tried = taken;
      try {
        await this.#options.sink.keepArtifact(await checkpointArtifact(core.record.runId, checkpoint));
        entry.problem = null;
        entry.stored = taken;
      } catch (error) {
        entry.problem = error instanceof Error ? error.message : String(error);
      }
    });
    return this.#last;
  }
}
