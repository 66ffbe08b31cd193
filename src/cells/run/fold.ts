import type {RunStatus} from "../../training/types.ts";

/** A run that takes no longer than this does not open a folded card: a slider can start many. */
const openAfterMs = 500;
/** How long the curves stay in view after the end. */
const closeAfterMs = 2500;
const quiet: ReadonlySet<RunStatus> = new Set(["completed", "cancelled"]);

/**
 * Whether a run card is open. It is while there is something to watch or to mend, and folds to a line some time after
 * the run ended well, unless someone is at it. A person's own choice wins from then on.
 */
export class Fold {
  open = false;
  #chosen = false;
  #ending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #changed: () => void;
  readonly #isBusy: () => boolean;

  /** `isBusy`: the pointer or the focus is in the card. */
  constructor(changed: () => void, isBusy: () => boolean) {
    this.#changed = changed;
    this.#isBusy = isBusy;
  }

  /** The first status the card ever shows decides at once. */
  start(status: RunStatus): void {
    this.open = !quiet.has(status);
  }

  toggle(): void {
    this.#chosen = true;
    this.#set(!this.open);
  }

  /** The status changed. */
  follow(status: RunStatus): void {
    this.stop();
    this.#ending = false;
    if (this.#chosen) return;
    if (status === "running" && !this.open) this.#timer = setTimeout(() => this.#set(true), openAfterMs);
    else if (quiet.has(status) && this.open) this.#end();
    else if (status !== "queued" && status !== "running" && !quiet.has(status)) this.#set(true);
  }

  /** The pointer or the focus left the card. */
  left(): void {
    if (this.#ending && this.open && !this.#chosen) this.#end();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#ending = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isBusy()) this.#set(false);
    }, closeAfterMs);
  }

  #set(open: boolean): void {
    this.stop();
    this.open = open;
    this.#changed();
  }
}
