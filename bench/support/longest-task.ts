import type {Browser, Page} from "playwright-core";

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds from begin to end. */
  dur?: number;
  /** Microseconds of the thread's own time. */
  tdur?: number;
  args: {name?: string};
}

/** The longest of many tasks, in milliseconds. */
export interface LongestTask {
  /** From begin to end, as a person waits: on a busy machine most of it is waiting for a core. */
  wallMs: number;
  /** What the task itself used of a core. */
  cpuMs: number;
}

/**
 * The longest tasks on the page's main thread while `action` goes on, from Chromium's own trace: PerformanceObserver
 * tells only of those over 50 ms.
 */
export async function longestTask(
  browser: Browser,
  page: Page,
  action: () => Promise<void>
): Promise<LongestTask> {
  await browser.startTracing(page, {
    categories: ["__metadata", "toplevel", "disabled-by-default-devtools.timeline"]
  });
  await action();
  const trace = await browser.stopTracing();
  const {traceEvents} = JSON.parse(trace.toString()) as {traceEvents: TraceEvent[]};
  // The browser's other pages are idle: the longest of all renderers is ours.
  const threads = traceEvents.filter(
    ({ph, name, args}) => ph === "M" && name === "thread_name" && args.name === "CrRendererMain"
  );
  const tasks = traceEvents.filter(
    ({ph, name, pid, tid}) =>
      ph === "X" &&
      name.endsWith("RunTask") &&
      threads.some((thread) => thread.pid === pid && thread.tid === tid)
  );
  const longest = (field: "dur" | "tdur") =>
    tasks.reduce((most, task) => Math.max(most, task[field] ?? 0), 0) / 1000;
  return {wallMs: longest("dur"), cpuMs: longest("tdur")};
}
