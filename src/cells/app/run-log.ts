import type {CellStatus} from "../../runtime/types.ts";
import type {OpenNotebook} from "./open-notebook.ts";
import {takePicture} from "./picture.ts";
import type {AppServices} from "./services.ts";

/** What starts this soon after a run (a query that follows the run's last rows) belongs to it. */
const TAIL_MS = 2000;

/** Notes when a notebook ran, on what, and what it looked like, for the home page. */
export class RunLog {
  readonly #services: AppServices;
  readonly #open: OpenNotebook;
  readonly #outputs: () => HTMLElement[];
  /** When the last run that was noted began and ended. */
  #startedAt = 0;
  #notedAt = 0;

  constructor(services: AppServices, open: OpenNotebook, outputs: () => HTMLElement[]) {
    this.#services = services;
    this.#open = open;
    this.#outputs = outputs;
  }

  async settled(cells: readonly CellStatus[]): Promise<void> {
    const {name} = this.#open;
    const starts = cells.flatMap(({startedAt = 0}) => (startedAt > this.#notedAt ? startedAt : []));
    if (name === null || starts.length === 0) return;
    const first = Math.min(...starts);
    if (first - this.#notedAt > TAIL_MS) this.#startedAt = first;
    this.#notedAt = Date.now();
    const durationMs = this.#notedAt - this.#startedAt;
    const {backend} = this.#services.engine.status();
    const picture = pictureOf(this.#outputs());
    await this.#services.lastRuns
      .put({
        name,
        at: this.#notedAt,
        durationMs,
        backend: backend?.name ?? "",
        adapter: backend?.adapter ?? "",
        errors: cells.filter(({state}) => state === "error").length,
        picture
      })
      // The home page then says nothing of this run: no reason to trouble anybody.
      .catch(() => {});
  }
}

/** A drawing that the browser does not give away, e.g. of another site's image, leaves the run without a picture. */
function pictureOf(outputs: readonly HTMLElement[]): string {
  try {
    return takePicture(outputs);
  } catch {
    return "";
  }
}
