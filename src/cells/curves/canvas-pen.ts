import type {Ink, Pen} from "./scene.ts";

/** Draws on a canvas whose units are device pixels; sizes are CSS pixels. `resolve` turns a CSS colour into one that a canvas knows. */
export class CanvasPen implements Pen {
  readonly #context: CanvasRenderingContext2D;
  readonly #ratio: number;
  readonly #resolve: (color: string) => string;

  constructor(context: CanvasRenderingContext2D, ratio: number, resolve: (color: string) => string) {
    this.#context = context;
    this.#ratio = ratio;
    this.#resolve = resolve;
  }

  lines(pieces: readonly (readonly number[])[], ink: Ink): void {
    const context = this.#start(ink);
    context.beginPath();
    for (const points of pieces) this.#trace(points);
    context.stroke();
  }

  area(points: readonly number[], ink: Ink): void {
    const context = this.#start(ink);
    context.beginPath();
    this.#trace(points);
    context.closePath();
    context.fill();
  }

  dots(points: readonly number[], radius: number, ink: Ink): void {
    const context = this.#start(ink);
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [(points[i] as number) * this.#ratio, (points[i + 1] as number) * this.#ratio];
      context.moveTo(x + radius * this.#ratio, y);
      context.arc(x, y, radius * this.#ratio, 0, 2 * Math.PI);
    }
    context.fill();
  }

  #start({color, alpha, width, dash}: Ink): CanvasRenderingContext2D {
    const context = this.#context;
    context.globalAlpha = alpha;
    context.strokeStyle = this.#resolve(color);
    context.fillStyle = context.strokeStyle;
    context.lineWidth = width === 0 ? 1 : width * this.#ratio;
    context.lineJoin = "bevel";
    context.lineCap = "butt";
    context.setLineDash(dash.map((length) => length * this.#ratio));
    return context;
  }

  #trace(points: readonly number[]): void {
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [(points[i] as number) * this.#ratio, (points[i + 1] as number) * this.#ratio];
      if (i === 0) this.#context.moveTo(x, y);
      else this.#context.lineTo(x, y);
    }
  }
}
