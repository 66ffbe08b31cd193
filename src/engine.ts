import type {Engine, EngineStatus} from "./cells/app/services.ts";
import type {Trainer} from "./training/client.ts";

const NOTHING: EngineStatus = {backend: null, memory: null, running: []};

/** What the footer says of a trainer that is loaded with the first notebook. */
export class PageEngine implements Engine {
  readonly #load: () => Promise<Trainer>;
  readonly #listeners = new Set<() => void>();
  #loading: Promise<Trainer> | null = null;
  #trainer: Trainer | null = null;

  constructor(load: () => Promise<Trainer>) {
    this.#load = load;
  }

  /** The page's trainer. It starts no worker: the first call of `train` does. */
  trainer(): Promise<Trainer> {
    this.#loading ??= this.#load().then((trainer) => {
      this.#trainer = trainer;
      trainer.subscribe(() => {
        for (const listener of this.#listeners) listener();
      });
      return trainer;
    });
    return this.#loading;
  }

  status(): EngineStatus {
    const trainer = this.#trainer;
    if (!trainer) return NOTHING;
    const {backend, memory} = trainer.status;
    const running = trainer.active
      .filter(({status}) => status === "running")
      .map(({runId, name, notebook}) => {
        const fraction = trainer.progressOf(runId)?.fraction ?? undefined;
        return {runId, name, notebook, fraction};
      });
    return {backend, memory: backend && memory, running};
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stopAll(): void {
    this.#trainer?.cancelAll();
  }
}
