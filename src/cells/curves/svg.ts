import type {Tick} from "./plot.ts";
import {axis, drawScene, type Frame, type Ink, type Pen, type Scene} from "./scene.ts";

/** One chart of a picture. */
export interface PictureChart {
  title: string;
  xLabel: string;
  scene: Scene;
  ticks: {x: readonly Tick[]; y: readonly Tick[]};
}

export interface PictureOptions {
  charts: readonly PictureChart[];
  legend: readonly {label: string; color: string; dash: readonly number[]}[];
  width: number;
  /** Height of a chart. */
  height: number;
  /** A CSS colour as a picture knows it: without custom properties. */
  resolve(color: string): string;
}

const margin = {left: 52, right: 14, top: 26, bottom: 38};
const rowHeight = 18;
const font = `font-family="Inter, system-ui, sans-serif" font-size="11"`;

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const round = (x: number) => String(Math.round(x * 100) / 100);

class SvgPen implements Pen {
  readonly parts: string[] = [];
  readonly #resolve: (color: string) => string;

  constructor(resolve: (color: string) => string) {
    this.#resolve = resolve;
  }

  lines(pieces: readonly (readonly number[])[], {color, alpha, width, dash}: Ink): void {
    if (pieces.length === 0) return;
    const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    this.parts.push(
      `<path d="${pieces.map(path).join("")}" fill="none" stroke="${this.#resolve(color)}" stroke-width="${width || 0.8}" stroke-opacity="${round(alpha)}" stroke-linejoin="round"${dashes}/>`
    );
  }

  area(points: readonly number[], {color, alpha}: Ink): void {
    this.parts.push(
      `<path d="${path(points)}Z" fill="${this.#resolve(color)}" fill-opacity="${round(alpha)}"/>`
    );
  }

  dots(points: readonly number[], radius: number, {color, alpha}: Ink): void {
    for (let i = 0; i < points.length; i += 2) {
      const at = `cx="${round(points[i] as number)}" cy="${round(points[i + 1] as number)}"`;
      this.parts.push(
        `<circle ${at} r="${radius}" fill="${this.#resolve(color)}" fill-opacity="${round(alpha)}"/>`
      );
    }
  }
}

function path(points: readonly number[]): string {
  let text = "";
  for (let i = 0; i < points.length; i += 2) {
    text += `${i === 0 ? "M" : "L"}${round(points[i] as number)},${round(points[i + 1] as number)}`;
  }
  return text;
}

/** Charts below each other with their axes and one legend, as an SVG document that stands alone. */
export function curvesSvg({charts, legend, width, height, resolve}: PictureOptions): string {
  const chartHeight = margin.top + height + margin.bottom;
  const perRow = Math.max(1, Math.floor(width / 220));
  const legendHeight = legend.length > 1 ? Math.ceil(legend.length / perRow) * rowHeight + 10 : 0;
  const total = charts.length * chartHeight + legendHeight;
  const pictures = charts.map((chart, i) =>
    chartSvg(
      chart,
      i,
      {
        left: margin.left,
        top: i * chartHeight + margin.top,
        width: width - margin.left - margin.right,
        height
      },
      resolve
    )
  );
  const entries =
    legend.length < 2
      ? []
      : legend.map(({label, color, dash}, i) => {
          const x = margin.left + (i % perRow) * 220;
          const y = charts.length * chartHeight + Math.floor(i / perRow) * rowHeight + 12;
          const line = `<path d="M${x},${y - 4}h18" stroke="${resolve(color)}" stroke-width="2"${dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : ""}/>`;
          return `${line}<text x="${x + 24}" y="${y}" fill="${resolve("var(--theme-foreground, CanvasText)")}">${escaped(label)}</text>`;
        });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" ${font}>
<rect width="100%" height="100%" fill="${resolve("var(--theme-background, Canvas)")}"/>
${pictures.join("\n")}
${entries.join("\n")}
</svg>`;
}

function chartSvg(
  {title, xLabel, scene, ticks}: PictureChart,
  index: number,
  frame: Frame,
  resolve: (color: string) => string
): string {
  const toX = axis(scene.x, scene.logX, frame.left, frame.left + frame.width);
  const toY = axis(scene.y, scene.logY, frame.top + frame.height, frame.top);
  const muted = resolve("var(--theme-foreground-muted, GrayText)");
  const faint = resolve("var(--theme-foreground-faintest, GrayText)");
  const floor = frame.top + frame.height;
  const isIn = (at: number, from: number, to: number) => at >= from - 0.5 && at <= to + 0.5;
  const rows = ticks.y
    .filter(({at}) => isIn(toY(at), frame.top, floor))
    .map(({at, label}) => {
      const y = round(toY(at));
      return `<path d="M${frame.left},${y}h${frame.width}" stroke="${faint}"/><text x="${frame.left - 6}" y="${y}" dy="0.32em" text-anchor="end" fill="${muted}">${escaped(label)}</text>`;
    });
  const columns = ticks.x
    .filter(({at}) => isIn(toX(at), frame.left, frame.left + frame.width))
    .map(
      ({at, label}) =>
        `<text x="${round(toX(at))}" y="${floor + 15}" text-anchor="middle" fill="${muted}">${escaped(label)}</text>`
    );
  const pen = new SvgPen(resolve);
  drawScene(scene, frame, pen);
  return `<clipPath id="chart-${index}"><rect x="${frame.left}" y="${frame.top - 2}" width="${frame.width}" height="${frame.height + 4}"/></clipPath>
<text x="${frame.left}" y="${frame.top - 10}" font-weight="600" fill="${resolve("var(--theme-foreground, CanvasText)")}">${escaped(title)}</text>
${rows.join("")}${columns.join("")}
<text x="${frame.left + frame.width / 2}" y="${floor + 30}" text-anchor="middle" fill="${muted}">${escaped(xLabel)}</text>
<g clip-path="url(#chart-${index})">${pen.parts.join("")}</g>`;
}

/** An SVG document as PNG bytes, at twice its size so that it stays sharp. */
export async function svgToPng(svg: string): Promise<Blob> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], {type: "image/svg+xml"}));
  try {
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not make a PNG."))))
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
