/** What `watchStrokes` leaves on the page's window. */
export interface StrokesWindow {
  strokes: {
    /** When curves were drawn on canvases. Times are `performance.now()`. */
    at: number[];
    /** When rows came from the training worker, and when each was made. */
    batches: {cameAt: number; madeAt: number[]}[];
  };
}

/**
 * Runs in the page before anything of it: notes when curves are drawn and when rows come from a worker. What is measured
 * knows nothing of it.
 */
function watchStrokes(): void {
  const at: number[] = [];
  const batches: {cameAt: number; madeAt: number[]}[] = [];
  const {prototype} = CanvasRenderingContext2D;
  const {beginPath, lineTo, stroke} = prototype;
  let points = 0;
  prototype.beginPath = function () {
    points = 0;
    beginPath.call(this);
  };
  prototype.lineTo = function (x, y) {
    points++;
    lineTo.call(this, x, y);
  };
  prototype.stroke = function (this: CanvasRenderingContext2D, ...path: [Path2D?]) {
    // Lines of a few points are axes; the card of a run draws paths that it made before.
    if (path.length === 0 && points > 20) at.push(performance.now());
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

/** To be run in a page before anything of it. What strips the types wraps inner functions in a call that pages do not have. */
export const strokesScript = `globalThis.__name ??= (f) => f; (${watchStrokes})();`;
