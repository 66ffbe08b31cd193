import type {Browser, Page} from "playwright-core";

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  dur?: number;
  args: {name?: string};
}

/**
 * Duration in ms of the longest task on the page's main thread while `action` goes on, from Chromium's own trace:
 * PerformanceObserver tells only of those over 50 ms.
 */
export async function longestTask(
  browser: Browser,
  page: Page,
  action: () => Promise<void>
): Promise<number> {
  await browser.startTracing(page, {
    categories: ["__metadata", "toplevel", "disabled-by-default-devtools.timeline"]
  });
  await action();
  const trace = await browser.stopTracing();
  const {traceEvents} = JSON.parse(trace.toString()) as {traceEvents: TraceEvent[]};
  const tasks = traceEvents.filter((event) => event.ph === "X" && event.name.endsWith("RunTask"));
  const threads = traceEvents.filter(
    ({ph, name, args}) => ph === "M" && name === "thread_name" && args.name === "CrRendererMain"
  );
  // The browser's other pages are idle: the busiest of the renderers is ours.
  const longest = threads.map(({pid, tid}) =>
    tasks.reduce(
      (most, task) => (task.pid === pid && task.tid === tid ? Math.max(most, task.dur ?? 0) : most),
      0
    )
  );
  return Math.max(...longest) / 1000;
}
