const margin = "600px 0px";
const waiting = new Map<Element, () => void>();
let observer: IntersectionObserver | null = null;

function watcher(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const {isIntersecting, target} of entries) {
        const callback = isIntersecting && waiting.get(target);
        if (!callback) continue;
        forget(target);
        callback();
      }
    },
    {rootMargin: margin}
  );
  return observer;
}

function forget(element: Element): void {
  waiting.delete(element);
  observer?.unobserve(element);
}

/** Calls back once, when the element is on screen or a little way off. Returns what stops the watch. */
export function whenNearViewport(element: Element, callback: () => void): () => void {
  waiting.set(element, callback);
  watcher().observe(element);
  return () => forget(element);
}
