import type {BackendInfo, BackendName} from "../gpu/types.ts";

/** Remembers which backend this page had the last time. */
export interface BackendMemory {
  read(): BackendName | null;
  write(name: BackendName): void;
}

/**
 * The backend that the next run will compute on: the one that a worker has opened, before that the one of the last
 * time, so that the first answer from the store need not wait for a GPU to open.
 */
export class ExpectedBackend {
  readonly #memory: BackendMemory | undefined;
  #opened: BackendName | null = null;
  #waiting: ((name: BackendName | null) => void)[] = [];

  constructor(memory: BackendMemory | undefined) {
    this.#memory = memory;
  }

  /** Null when nothing is known yet. */
  get name(): BackendName | null {
    return this.#opened ?? this.#memory?.read() ?? null;
  }

  /** What the worker opens; null when it can open nothing, or dies. */
  whenOpened(): Promise<BackendName | null> {
    return this.#opened
      ? Promise.resolve(this.#opened)
      : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A worker has opened a backend; null: it could not, or is gone. */
  opened(backend: BackendInfo | null): void {
    if (backend && backend.name !== this.#opened) this.#memory?.write(backend.name);
    this.#opened = backend?.name ?? this.#opened;
    for (const resolve of this.#waiting.splice(0)) resolve(backend?.name ?? null);
  }
}

const key = "petri-backend";

/** Remembers in the page's storage. `wanted` is the backend that was asked for, which decides what is opened. */
export function storedBackend(
  storage: () => Pick<Storage, "getItem" | "setItem">,
  wanted: BackendName | undefined
): BackendMemory {
  const name = wanted ? `${key}-${wanted}` : key;
  return {
    read() {
      try {
        const known = storage().getItem(name);
        return backendNames.find((backend) => backend === known) ?? null;
      } catch {
        // Storage can be forbidden: then the first answer waits for the worker.
        return null;
      }
    },
    write(backend) {
      try {
        storage().setItem(name, backend);
      } catch {
        // As above.
      }
    }
  };
}

export const backendNames: readonly BackendName[] = ["webgpu", "wasm", "cpu"];
