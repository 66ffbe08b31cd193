import type uPlot from "uplot";
import type {ChartTable} from "./chart-data.ts";
import {formatTick} from "./format.ts";

type PlotClass = typeof uPlot;

export interface ChartSeries {
  name: string;
  /** A CSS colour, which may name custom properties. */
  color: string;
}

export interface ChartOptions {
  series: readonly ChartSeries[];
  /** Curves of charts with one key show the cursor together. */
  syncKey: string;
  log: boolean;
  width: number;
  height: number;
  /** What is under the cursor, or null when it left. */
  onHover(reading: Reading | null): void;
}

/** The numbers of the series at or before a step. */
export interface Reading {
  x: number;
  values: (number | null)[];
}

const gridFont = 11;

/** Loads uPlot when the first chart is drawn. */
export async function loadPlot(): Promise<PlotClass> {
  return (await import("uplot")).default;
}

/** One panel: the curves of a quantity, with those of the run before drawn faintly behind them. */
export class RunChart {
  readonly #Plot: PlotClass;
  readonly #host: HTMLElement;
  readonly #plot: uPlot;
  readonly #options: ChartOptions;
  #colors = new Map<string, string>();

  constructor(Plot: PlotClass, host: HTMLElement, options: ChartOptions) {
    this.#Plot = Plot;
    this.#host = host;
    this.#options = options;
    this.#readColors();
    this.#plot = new Plot(this.#plotOptions(), this.#aligned([[]], null), host);
  }

  /** `ghost` has the same series, of the run before. */
  setData(table: ChartTable, ghost: ChartTable | null): void {
    this.#plot.setData(this.#aligned(table, ghost));
  }

  resize(width: number): void {
    const {height} = this.#options;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({width, height});
  }

  /** The theme changed. */
  recolor(): void {
    this.#readColors();
    this.#plot.redraw(false, true);
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #aligned(table: ChartTable, ghost: ChartTable | null): uPlot.AlignedData {
    const {series} = this.#options;
    const live = pad(table, series.length);
    if (!ghost?.[0].length)
      return [...live, ...series.map(() => live[0].map(() => null))] as uPlot.AlignedData;
    return this.#Plot.join([live, pad(ghost, series.length)]);
  }

  #readColors(): void {
    const probe = document.createElement("span");
    this.#host.append(probe);
    const read = (css: string) => {
      probe.style.color = css;
      return getComputedStyle(probe).color;
    };
    this.#colors = new Map(this.#options.series.map(({color}) => [color, read(color)]));
    this.#colors.set("axis", read("var(--theme-foreground-muted, GrayText)"));
    this.#colors.set("grid", read("var(--theme-foreground-faintest, GrayText)"));
    probe.remove();
  }

  #plotOptions(): uPlot.Options {
    const {series, log, syncKey, width, height, onHover} = this.#options;
    const color = (name: string) => () => this.#colors.get(name) ?? "gray";
    const font = `${gridFont}px ${getComputedStyle(this.#host).fontFamily}`;
    const axis: uPlot.Axis = {
      font,
      stroke: color("axis"),
      ticks: {show: false},
      gap: 4
    };
    return {
      width: Math.max(1, width),
      height,
      legend: {show: false},
      padding: [8, 10, 0, 0],
      cursor: {
        y: false,
        drag: {x: false, y: false, setScale: false},
        points: {size: 7},
        sync: {key: syncKey}
      },
      scales: {x: {time: false}, y: log ? {distr: 3} : {range: linearRange}},
      axes: [
        {...axis, size: 22, space: 64, grid: {show: false}, values: (_, ticks) => ticks.map(formatTick)},
        {
          ...axis,
          size: 44,
          space: 32,
          grid: {stroke: color("grid"), width: 1},
          values: (_, ticks) => ticks.map(formatTick)
        }
      ],
      series: [
        {},
        ...series.map((s) => curve(color(s.color), 1)),
        ...series.map((s) => curve(color(s.color), 0.38))
      ],
      hooks: {setCursor: [(plot) => onHover(reading(plot, series.length))]}
    };
  }
}

function curve(stroke: () => string, alpha: number): uPlot.Series {
  return {
    stroke,
    alpha,
    width: 1.5,
    spanGaps: true,
    points: {
      size: 4,
      fill: stroke,
      // A curve of a few evaluations shows them; a lone first row would be invisible as a line.
      show: (plot, index) => alpha === 1 && numbersIn(plot.data[index]) <= 24
    }
  };
}

function reading({data, cursor: {idx}}: uPlot, series: number): Reading | null {
  const x = idx == null ? undefined : data[0][idx];
  if (x === undefined || idx == null) return null;
  const values = Array.from({length: series}, (_, i) => {
    const column = data[i + 1];
    for (let row = idx; row >= 0; --row) {
      const value = column?.[row];
      if (value !== null && value !== undefined) return value;
    }
    return null;
  });
  return {x, values};
}

function numbersIn(column: uPlot.AlignedData[number] | undefined): number {
  let count = 0;
  for (const value of column ?? []) if (value !== null && value !== undefined && ++count > 24) break;
  return count;
}

function pad(table: ChartTable, series: number): ChartTable {
  const [x, ...columns] = table;
  return [x, ...Array.from({length: series}, (_, i) => columns[i] ?? x.map(() => null))];
}

/** A little air around the numbers; a share stays within 0 and 1. */
function linearRange(_: uPlot, least: number | null, greatest: number | null): uPlot.Range.MinMax {
  if (least === null || greatest === null) return [0, 1];
  const air = (greatest - least || Math.abs(greatest) || 1) * 0.06;
  const low = least >= 0 ? Math.max(0, least - air) : least - air;
  const high = least >= 0 && greatest <= 1 && greatest > 0.5 ? Math.min(1, greatest + air) : greatest + air;
  return [low, Math.max(high, low + air)];
}
