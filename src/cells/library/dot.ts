import {instance} from "@viz-js/viz";

const viz = await instance();

/** A colour no one writes: Graphviz draws with it where the source names no colour, and we swap it for the theme's. */
const THEME_COLOR = "#00000101";
const PAINTS = ["stroke", "fill"] as const;

const attributes = {
  color: THEME_COLOR,
  fontcolor: THEME_COLOR,
  fontname: "var(--sans-serif)",
  fontsize: "12"
};

/** Draws a Graphviz (DOT) graph as SVG in the colours of the page. */
export function dot(template: TemplateStringsArray, ...values: unknown[]): SVGSVGElement {
  const svg = viz.renderSVGElement(String.raw(template, ...values), {
    graphAttributes: {...attributes, bgcolor: "none"},
    nodeAttributes: attributes,
    edgeAttributes: {color: THEME_COLOR}
  });
  for (const paint of PAINTS) {
    for (const element of svg.querySelectorAll(`[${paint}='#000001'][${paint}-opacity='0.003922']`)) {
      element.setAttribute(paint, "currentColor");
      element.removeAttribute(`${paint}-opacity`);
    }
  }
  svg.remove();
  svg.style.cssText = "max-width: 100%; height: auto";
  return svg;
}
