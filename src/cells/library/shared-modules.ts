import type {LoadArrow} from "./file/file-source.ts";

export type LoadModule = () => Promise<object>;

/** What a CommonJS package exports, when a bundler wraps it as the default of a namespace. */
async function unwrapped(module: Promise<object>): Promise<object> {
  const namespace = (await module) as {default?: object};
  return namespace.default ?? namespace;
}

/**
 * The packages that the page itself holds. An `npm:` import of one, and every package that was
 * bundled for an `npm:` import and uses one, gets the page's own instance: two copies of d3 or of
 * React in a page do not work together. Keep the keys in step with src/publish/npm/shared.ts.
 */
export function sharedModules({arrow}: {arrow: LoadArrow}): Record<string, LoadModule> {
  return {
    "@observablehq/inputs": () => import("./inputs.ts"),
    "@observablehq/plot": () => import("@observablehq/plot"),
    "apache-arrow": arrow,
    arquero: () => import("arquero"),
    d3: () => import("d3"),
    htl: () => import("htl"),
    katex: () => import("katex"),
    leaflet: () => import("./leaflet.ts"),
    lodash: () => unwrapped(import("lodash")),
    react: () => unwrapped(import("react")),
    "react-dom": () => unwrapped(import("react-dom")),
    "react-dom/client": () => unwrapped(import("react-dom/client")),
    "topojson-client": () => import("topojson-client")
  };
}
