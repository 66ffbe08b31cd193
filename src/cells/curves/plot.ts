import type uPlot from "uplot";
import {CanvasPen} from "./canvas-pen.ts";
import type {Extent} from "./extent.ts";
import {formatTick, formatTimeTick} from "./format-axis.ts";
import {logTicks} from "./log-ticks.ts";
import {drawScene, type Frame, type Scene} from "./scene.ts";

type PlotClass = typeof uPlot;

/** What is at a tick, for a picture of the chart. */
export interface Tick {
  at: number;
  label: string;
}

export interface PlotOptions {
  height: number;
  /** The pointer is at this place, in the units of the axes; null when it left. */
  onHover(place: {x: number; y: number; left: number; top: number} | null): void;
  /** A stretch of x was dragged over, or the whole is asked for again. */
  onZoom(extent: Extent | null): void;
}

const fontSize = 11;

/** Ticks at least so many pixels apart. */
function logAxis(space: number, along: "width" | "height"): Partial<uPlot.Axis> {
  return {
    splits: (plot, _, low, high) =>
      logTicks(low, high, Math.max(2, Math.floor(plot.bbox[along] / devicePixelRatio / space))),
    filter: (_, ticks) => ticks
  };
}

/** One chart: uPlot gives axes, ticks and the pointer, the scene is drawn between them. */
export class CurvePlot {
  /** The ticks that were drawn last. */
  readonly ticks: {x: Tick[]; y: Tick[]} = {x: [], y: []};
  readonly #Plot: PlotClass;
  readonly #host: HTMLElement;
  readonly #options: PlotOptions;
  #plot: uPlot | null = null;
  #shape = "";
  #scene: Scene | null = null;
  #isTime = false;
  readonly #colors = new Map<string, string>();

  constructor(Plot: PlotClass, host: HTMLElement, options: PlotOptions) {
    this.#Plot = Plot;
    this.#host = host;
    this.#options = options;
  }

  /** Draws a scene; `isTime` when x is milliseconds since the epoch. */
  draw(scene: Scene, isTime: boolean, width: number): void {
    this.#scene = scene;
    this.#isTime = isTime;
    const shape = [scene.logX, scene.logY, isTime].join();
    if (!this.#plot || this.#shape !== shape) {
      this.#plot?.destroy();
      this.#shape = shape;
      this.#plot = new this.#Plot(this.#plotOptions(width), this.#data(), this.#host);
      return;
    }
    if (this.#plot.width !== width) this.#plot.setSize({width, height: this.#options.height});
    this.#plot.setData(this.#data());
  }

  /** The theme changed. */
  recolor(): void {
    this.#colors.clear();
    this.#plot?.redraw(false, true);
  }

  /** Where the chart is drawn between its axes, in CSS pixels of the host. */
  get frame(): Frame {
    const ratio = devicePixelRatio;
    const {left, top, width, height} = this.#plot?.bbox ?? {left: 0, top: 0, width: 1, height: 1};
    return {left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio};
  }

  /** A CSS colour as canvases and pictures know it. */
  readonly resolve = (css: string): string => {
    let color = this.#colors.get(css);
    if (color === undefined) {
      const probe = document.createElement("span");
      probe.style.color = css;
      this.#host.append(probe);
      color = getComputedStyle(probe).color;
      probe.remove();
      this.#colors.set(css, color);
    }
    return color;
  };

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** The corners of the scene: the curves themselves are drawn by us. */
  #data(): uPlot.AlignedData {
    const [low, high] = this.#scene?.x ?? [0, 1];
    return [
      [low, high],
      [null, null]
    ];
  }

  #paint(plot: uPlot): void {
    if (!this.#scene) return;
    const {ctx, bbox} = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top - 2, bbox.width, bbox.height + 4);
    ctx.clip();
    drawScene(this.#scene, this.frame, new CanvasPen(ctx, devicePixelRatio, this.resolve));
    ctx.restore();
  }

  #plotOptions(width: number): uPlot.Options {
    const {logX, logY} = this.#scene as Scene;
    const muted = () => this.resolve("var(--theme-foreground-muted, GrayText)");
    const faint = () => this.resolve("var(--theme-foreground-faintest, GrayText)");
    const font = `${fontSize}px ${getComputedStyle(this.#host).fontFamily}`;
    const axis: uPlot.Axis = {font, stroke: muted, ticks: {show: false}, gap: 4};
    const values = (which: "x" | "y") => (_: uPlot, ticks: (number | null)[]) => {
      const distance = (ticks[1] ?? 0) - (ticks[0] ?? 0);
      const isTime = which === "x" && this.#isTime;
      const labels = ticks.map((tick) => {
        if (tick === null) return "";
        return isTime ? formatTimeTick(tick, distance) : formatTick(tick);
      });
      this.ticks[which] = ticks.flatMap((at, i) => (at === null ? [] : [{at, label: labels[i] as string}]));
      return labels;
    };
    return {
      width: Math.max(1, width),
      height: this.#options.height,
      ms: 1,
      legend: {show: false},
      padding: [6, 10, 0, 0],
      cursor: {
        x: false,
        y: false,
        points: {show: false},
        drag: {x: true, y: false, setScale: false},
        bind: {
          dblclick: () => () => {
            this.#options.onZoom(null);
            return null;
          }
        }
      },
      scales: {
        x: {time: this.#isTime, distr: logX ? 3 : 1, range: () => [...(this.#scene as Scene).x]},
        y: {distr: logY ? 3 : 1, range: () => [...(this.#scene as Scene).y]}
      },
      axes: [
        {
          ...axis,
          size: 22,
          space: 64,
          grid: {show: false},
          values: values("x"),
          ...(logX && logAxis(64, "width"))
        },
        {
          ...axis,
          size: 46,
          space: 32,
          grid: {stroke: faint, width: 1},
          values: values("y"),
          ...(logY && logAxis(26, "height"))
        }
      ],
      series: [{}, {}],
      hooks: {
        draw: [(plot) => this.#paint(plot)],
        setCursor: [(plot) => this.#hover(plot)],
        setSelect: [(plot) => this.#select(plot)]
      }
    };
  }

  #hover(plot: uPlot): void {
    const {left = -1, top = -1} = plot.cursor;
    const isOutside = left < 0 || top < 0;
    this.#options.onHover(
      isOutside ? null : {x: plot.posToVal(left, "x"), y: plot.posToVal(top, "y"), left, top}
    );
  }

  #select(plot: uPlot): void {
    const {left, width} = plot.select;
    if (width < 4) return;
    const extent = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")] as const;
    plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    this.#options.onZoom(extent);
  }
}
