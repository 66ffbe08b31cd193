import {detachedChild} from "./detached-child.ts";
import type {Importer} from "./importer.ts";

type ImportModule = Importer["importModule"];

async function importDefault(importModule: ImportModule, specifier: string): Promise<unknown> {
  const module = (await importModule(specifier)) as {default?: unknown};
  return module.default ?? module;
}

interface Mermaid {
  initialize(options: Record<string, unknown>): void;
  render(id: string, source: string): Promise<{svg: string}>;
}

async function mermaid(importModule: ImportModule): Promise<unknown> {
  const library = (await importDefault(importModule, "npm:mermaid")) as Mermaid;
  const dark = getComputedStyle(document.body).colorScheme === "dark";
  library.initialize({startOnLoad: false, securityLevel: "loose", theme: dark ? "dark" : "neutral"});
  let drawings = 0;
  return async (template: TemplateStringsArray, ...values: unknown[]): Promise<Element> => {
    drawings += 1;
    const root = document.createElement("div");
    root.innerHTML = (await library.render(`mermaid-${drawings}`, String.raw(template, ...values))).svg;
    return detachedChild(root);
  };
}

async function vegaLite(importModule: ImportModule): Promise<unknown> {
  const [vega, lite, api] = await Promise.all(
    ["npm:vega", "npm:vega-lite", "npm:vega-lite-api"].map((specifier) => importModule(specifier))
  );
  return (api as {register(vega: unknown, lite: unknown): unknown}).register(vega, lite);
}

/**
 * Standard names whose packages are too big to bring along: each works once its package is
 * installed, and until then fails with the command that installs it.
 */
export function optionalLibraries(importModule: ImportModule): Record<string, () => Promise<unknown>> {
  return {
    echarts: () => importModule("npm:echarts"),
    async mapboxgl() {
      await importModule("npm:mapbox-gl/dist/mapbox-gl.css");
      return importDefault(importModule, "npm:mapbox-gl");
    },
    mermaid: () => mermaid(importModule),
    vl: () => vegaLite(importModule)
  };
}
