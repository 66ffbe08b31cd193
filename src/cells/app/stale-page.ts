import type {ReactiveController} from "lit";
import {showToast} from "./toasts.ts";

/** What Vite's loader sends to the window when a part of the page cannot be loaded; whoever asked for it gets the error too. */
const preloadError = "vite:preloadError";

interface StalePageOptions {
  /** Whether the server still gives the page. */
  isReachable?(): Promise<boolean>;
  reload?(): void;
}

/**
 * Says, once, that the page is older than what the server has: parts that it would load now are gone. It is not reloaded
 * unasked, as runs may be under way.
 */
export class StalePage implements ReactiveController {
  readonly #isReachable: () => Promise<boolean>;
  readonly #reload: () => void;
  #isSaid = false;

  constructor({isReachable = isPageReachable, reload = () => location.reload()}: StalePageOptions = {}) {
    this.#isReachable = isReachable;
    this.#reload = reload;
  }

  hostConnected(): void {
    window.addEventListener(preloadError, this.#failed);
  }

  hostDisconnected(): void {
    window.removeEventListener(preloadError, this.#failed);
  }

  #failed = async (): Promise<void> => {
    // The part that draws the message may be missing as well.
    if (this.#isSaid) return;
    this.#isSaid = true;
    if (await this.#isReachable()) {
      const text =
        "Petri was updated while this page was open. Save what you changed, then reload the page to go on.";
      await showToast({text, kind: "warning", action: {label: "Reload", run: this.#reload}, durationMs: 0});
      return;
    }
    const text =
      "A part of Petri could not be loaded: its server does not answer. Start it again, or wait for the network.";
    await showToast({text, kind: "warning", durationMs: 12_000});
    this.#isSaid = false;
  };
}

async function isPageReachable(): Promise<boolean> {
  const answer = await fetch(location.href, {cache: "no-store"}).catch(() => null);
  return answer?.ok ?? false;
}
