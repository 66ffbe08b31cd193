import type {CellStatus} from "../../runtime/types.ts";
import type {OpenNotebook} from "./open-notebook.ts";
import {takePicture} from "./picture.ts";
import type {AppServices} from "./services.ts";

/** Notes when a notebook ran, on what, and what it looked like, for the home page. */
export class RunLog {
  readonly #services: AppServices;
  readonly #open: OpenNotebook;
  readonly #outputs: () => HTMLElement[];
  #startedAt: number | null = null;

  constructor(services: AppServices, open: OpenNotebook, outputs: () => HTMLElement[]) {
    this.#services = services;
    this.#open = open;
    this.#outputs = outputs;
  }

  started(): void {
    this.#startedAt ??= Date.now();
  }

  async settled(cells: readonly CellStatus[]): Promise<void> {
    const {name} = this.#open;
    if (name === null || this.#startedAt === null) return;
    const startedAt = this.#startedAt;
    this.#startedAt = null;
    const {backend} = this.#services.engine.status();
    const picture = await takePicture(this.#outputs()).catch(() => "");
    await this.#services.lastRuns
      .put({
        name,
        at: Date.now(),
        durationMs: Date.now() - startedAt,
        backend: backend?.name ?? "",
        adapter: backend?.adapter ?? "",
        errors: cells.filter(({state}) => state === "error").length,
        picture
      })
      // The home page then says nothing of this run: no reason to trouble anybody.
      .catch(() => {});
  }
}
