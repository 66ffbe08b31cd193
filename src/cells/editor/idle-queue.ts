const queue: (() => void)[] = [];
let scheduled = false;

function later(callback: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(callback, {timeout: 500});
  else setTimeout(callback, 16);
}

/** Runs one job each time the page is idle, so that fifty editors built at once make no long task. */
export function whenIdle(job: () => void): void {
  queue.push(job);
  if (scheduled) return;
  scheduled = true;
  later(step);
}

function step(): void {
  queue.shift()?.();
  scheduled = queue.length > 0;
  if (scheduled) later(step);
}
