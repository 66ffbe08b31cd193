/** What `watchStrokes` leaves on the page's window. */
export interface StrokesWindow {
  strokes: {
    /** When paths were drawn on canvases: the curves of charts. Times are `performance.now()`. */
    at: number[];
    /** When rows came from the training worker, and when each was made. */
    batches: {cameAt: number; madeAt: number[]}[];
  };
}

/**
 * Runs in the page before anything of it: notes when curves are drawn and when rows come from a worker. What is measured
 * knows nothing of it.
 */
export function watchStrokes(): void {
  const at: number[] = [];
  const batches: {cameAt: number; madeAt: number[]}[] = [];
  const {stroke} = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.stroke = function (this: CanvasRenderingContext2D, ...path: [Path2D?]) {
    // Axes are drawn without a path of their own.
    if (path.length > 0) at.push(performance.now());
    (stroke as (...path: [Path2D?]) => void).apply(this, path);
  };
  const listen = ({data}: MessageEvent) => {
    if (data?.type !== "rows") return;
    const times: Float64Array = data.batch.timeMs;
    const madeAt = Array.from(times, (time) => time - performance.timeOrigin);
    batches.push({cameAt: performance.now(), madeAt});
  };
  window.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      this.addEventListener("message", listen);
    }
  };
  Object.assign(window, {strokes: {at, batches}} satisfies StrokesWindow);
}
