import {observe} from "./observe.ts";

/** Yields the time in milliseconds since the epoch, each time it is asked. */
export async function* now(): AsyncGenerator<number, undefined> {
  while (true) yield Date.now();
}

/** Yields the content width of an element in CSS pixels, and again when it changes. */
export function width(target: Element, options?: ResizeObserverOptions): AsyncGenerator<number, undefined> {
  return observe<number>((notify) => {
    let last: number | undefined;
    const observer = new ResizeObserver((entries) => {
      const current = entries[0]?.contentRect.width;
      // A hidden notebook measures 0: charts of that width fail, and the next visible width follows.
      if (!current || current === last) return;
      last = current;
      notify(current);
    });
    observer.observe(target, options);
    return () => observer.disconnect();
  });
}

function isDark(media: MediaQueryList): boolean {
  const schemes = getComputedStyle(document.body).colorScheme.split(/\s+/);
  return schemes.includes("dark") && (!schemes.includes("light") || media.matches);
}

/** Yields whether the page is shown in a dark colour scheme, and again when that changes. */
export function dark(): AsyncGenerator<boolean, undefined> {
  return observe<boolean>((notify) => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    // No event tells that a theme was switched by a style sheet; a transition of an inherited colour does.
    const probe = document.createElement("div");
    probe.style.cssText =
      "transition: color 1ms, background-color 1ms; position: absolute; visibility: hidden";
    let last: boolean | undefined;
    const check = (): void => {
      const current = isDark(media);
      if (current === last) return;
      last = current;
      notify(current);
    };
    document.body.append(probe);
    check();
    probe.addEventListener("transitionstart", check);
    media.addEventListener("change", check);
    return () => {
      probe.remove();
      media.removeEventListener("change", check);
    };
  });
}
