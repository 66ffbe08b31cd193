const NAMESPACES: Record<string, string> = {
  math: "http://www.w3.org/1998/Math/MathML",
  svg: "http://www.w3.org/2000/svg",
  xhtml: "http://www.w3.org/1999/xhtml",
  xlink: "http://www.w3.org/1999/xlink",
  xml: "http://www.w3.org/XML/1998/namespace",
  xmlns: "http://www.w3.org/2000/xmlns/"
};

/** `svg:rect` -> the SVG namespace and `rect`; `xmlns:x` keeps its prefix. */
function qualified(name: string): {namespace: string | undefined; local: string} {
  const colon = name.indexOf(":");
  if (colon < 0) return {namespace: NAMESPACES[name], local: name};
  const prefix = name.slice(0, colon);
  return {namespace: NAMESPACES[prefix], local: prefix === "xmlns" ? name : name.slice(colon + 1)};
}

function canvas(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), {width, height});
}

/** A 2D context whose canvas is `width` x `height` CSS pixels, scaled to the screen's resolution. */
function context2d(width: number, height: number, dpi = devicePixelRatio): CanvasRenderingContext2D | null {
  const element = canvas(width * dpi, height * dpi);
  element.style.width = `${width}px`;
  const context = element.getContext("2d");
  context?.scale(dpi, dpi);
  return context;
}

function element(name: string, attributes: Record<string, string> = {}): Element {
  const {namespace, local} = qualified(`${name}`);
  const result = namespace ? document.createElementNS(namespace, local) : document.createElement(local);
  for (const [key, value] of Object.entries(attributes)) {
    const attribute = qualified(key);
    if (attribute.namespace) result.setAttributeNS(attribute.namespace, attribute.local, value);
    else result.setAttribute(attribute.local, value);
  }
  return result;
}

function input(type?: string): HTMLInputElement {
  const result = document.createElement("input");
  if (type != null) result.type = type;
  return result;
}

/** A slider: range(max), range(min, max) or range(min, max, step). */
function range(...limits: number[]): HTMLInputElement {
  const [min = 0, max = 1, step] = limits.length === 1 ? [0, ...limits] : limits;
  const result = document.createElement("input");
  result.min = `${min}`;
  result.max = `${max}`;
  result.step = step == null ? "any" : `${step}`;
  result.type = "range";
  return result;
}

function select(values: Iterable<string>): HTMLSelectElement {
  const result = document.createElement("select");
  for (const value of values) result.append(new Option(value, value));
  return result;
}

function svg(width: number, height: number): SVGSVGElement {
  const result = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  result.setAttribute("viewBox", `0 0 ${width} ${height}`);
  result.setAttribute("width", `${width}`);
  result.setAttribute("height", `${height}`);
  return result;
}

function text(value: string): Text {
  return document.createTextNode(value);
}

/** An id unique in the page, with `href` and `url(...)` forms for gradients and clip paths. */
class Id {
  readonly id: string;
  readonly href: string;

  constructor(id: string) {
    this.id = id;
    this.href = new URL(`#${id}`, location.href).href;
  }

  toString(): string {
    return `url(${this.href})`;
  }
}

let ids = 0;

function uid(name?: string): Id {
  ids += 1;
  return new Id(name == null ? `O-${ids}` : `O-${name}-${ids}`);
}

/** A link with a button that saves a Blob, a promise of one, or what a function returns. */
function download(
  value: Blob | Promise<Blob> | (() => Blob | Promise<Blob>),
  name = "untitled",
  label = "Save"
): HTMLAnchorElement {
  const link = document.createElement("a");
  const button = document.createElement("button");
  button.textContent = label;
  button.onclick = async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const blob = await (typeof value === "function" ? value() : value);
      const href = URL.createObjectURL(blob);
      Object.assign(document.createElement("a"), {href, download: name}).click();
      URL.revokeObjectURL(href);
    } finally {
      button.disabled = false;
    }
  };
  link.append(button);
  return link;
}

/** Observable's deprecated `DOM` builtin: older notebooks still call it. */
export const DOM = {canvas, context2d, element, input, range, select, svg, text, uid, download};
