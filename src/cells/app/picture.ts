/** Most characters of a picture that is kept. */
const LIMIT = 120_000;
/** Width of a kept canvas in pixels: twice what the home page shows. */
const WIDTH = 320;

/**
 * The last result worth a picture as a data URL: a drawing of at least 120 x 60 CSS pixels, canvas or SVG. Empty when
 * there is none, or when it is too large to keep. The outputs need not be on the page any more.
 */
export function takePicture(outputs: readonly HTMLElement[]): string {
  const drawings = outputs.flatMap((output) =>
    Array.from(output.querySelectorAll<SVGSVGElement | HTMLCanvasElement>("svg, canvas"))
  );
  for (const drawing of drawings.reverse()) {
    const {width, height} = sizeOf(drawing);
    if (width < 120 || height < 60 || drawing.parentElement?.closest("svg, button")) continue;
    const url = drawing instanceof HTMLCanvasElement ? canvasUrl(drawing) : svgUrl(drawing, width, height);
    if (url && url.length <= LIMIT) return url;
  }
  return "";
}

function sizeOf(drawing: SVGSVGElement | HTMLCanvasElement): {width: number; height: number} {
  if (drawing.isConnected) return drawing.getBoundingClientRect();
  if (drawing instanceof HTMLCanvasElement) return drawing;
  return {width: drawing.width.baseVal.value, height: drawing.height.baseVal.value};
}

function canvasUrl(canvas: HTMLCanvasElement): string {
  const scale = Math.min(1, WIDTH / canvas.width);
  const copy = document.createElement("canvas");
  copy.width = Math.max(1, Math.round(canvas.width * scale));
  copy.height = Math.max(1, Math.round(canvas.height * scale));
  copy.getContext("2d")?.drawImage(canvas, 0, 0, copy.width, copy.height);
  return copy.toDataURL("image/webp", 0.8);
}

/** What cannot be read at the size of a stamp: Plot's axes, grids and their texts. */
const FINE_PRINT = '[aria-label*="axis"], [aria-label*="grid"], text, title';

/** The drawing alone, with the page's colour written into it and lines that stay visible when it is small. */
function svgUrl(svg: SVGSVGElement, width: number, height: number): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  for (const element of copy.querySelectorAll(FINE_PRINT)) element.remove();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.style.color = getComputedStyle(document.documentElement).color;
  copy.style.setProperty("--plot-background", "transparent");
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = "* {vector-effect: non-scaling-stroke}";
  copy.append(style);
  return `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
}
