/** Most characters of a picture that is kept. */
const LIMIT = 120_000;

/**
 * The last result worth a picture as a data URL: a drawing of at least 120 x 60 CSS pixels, canvas or SVG. Empty when
 * there is none, or when it is too large to keep.
 */
export async function takePicture(outputs: readonly HTMLElement[]): Promise<string> {
  const drawings = outputs.flatMap((output) =>
    Array.from(output.querySelectorAll<SVGSVGElement | HTMLCanvasElement>("svg, canvas"))
  );
  for (const drawing of drawings.reverse()) {
    const {width, height} = drawing.getBoundingClientRect();
    if (width < 120 || height < 60 || drawing.parentElement?.closest("svg, button")) continue;
    const url = drawing instanceof HTMLCanvasElement ? canvasUrl(drawing) : svgUrl(drawing, width, height);
    if (url && url.length <= LIMIT) return url;
  }
  return "";
}

function canvasUrl(canvas: HTMLCanvasElement): string {
  const scale = Math.min(1, 320 / canvas.width);
  const copy = document.createElement("canvas");
  copy.width = Math.max(1, Math.round(canvas.width * scale));
  copy.height = Math.max(1, Math.round(canvas.height * scale));
  copy.getContext("2d")?.drawImage(canvas, 0, 0, copy.width, copy.height);
  return copy.toDataURL("image/webp", 0.8);
}

/** The drawing alone, with the page's inherited colours written into it. */
function svgUrl(svg: SVGSVGElement, width: number, height: number): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const style = getComputedStyle(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  copy.style.color = style.color;
  copy.style.fontFamily = "sans-serif";
  copy.style.setProperty("--plot-background", "transparent");
  return `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
}
