/** When the runtime computes. The page's follows its frames, and goes on when there are none. */
export interface Clock {
  /** Calls back at the next frame. `urgent`: a value changed; otherwise only an animation wants to go on. */
  frame(callback: () => void, urgent: boolean): void;
  /** Calls back in a task of its own, as soon as possible. */
  task(callback: () => void): void;
}

/** What the clock of a page needs of it. */
export interface PageClockSource {
  document: Pick<Document, "hidden" | "addEventListener">;
  requestAnimationFrame(callback: () => void): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** A new channel, e.g. `() => new MessageChannel()`. */
  channel(): Pick<MessageChannel, "port1" | "port2">;
}

/** Pause between steps of animations in a hidden page; browsers make at least a second of it. */
const HIDDEN_ANIMATION_MS = 250;

/**
 * A clock of animation frames that keeps going in a hidden page, where there are none and timers are slowed down
 * to one a second: messages to oneself are not. Animations, which nobody sees, are left at the timer's pace.
 */
export function pageClock(source: PageClockSource): Clock {
  const {document} = source;
  const {port1, port2} = source.channel();
  const tasks: (() => void)[] = [];
  port1.onmessage = () => tasks.shift()?.();
  const task = (callback: () => void) => {
    tasks.push(callback);
    port2.postMessage(null);
  };
  const waiting = new Set<() => void>();
  document.addEventListener("visibilitychange", () => {
    // Frames that were asked for while the page was visible would not come before it is again.
    if (!document.hidden) return;
    for (const callback of waiting) task(callback);
  });
  return {
    task,
    frame(callback, urgent) {
      const once = () => {
        if (waiting.delete(once)) callback();
      };
      waiting.add(once);
      if (!document.hidden) source.requestAnimationFrame(once);
      else if (urgent) task(once);
      else source.setTimeout(once, HIDDEN_ANIMATION_MS);
    }
  };
}

/** A clock without a page: everything as soon as possible, after what is already waiting. */
export function immediateClock(): Clock {
  const task = (callback: () => void) => void setImmediate(callback);
  return {task, frame: task};
}
