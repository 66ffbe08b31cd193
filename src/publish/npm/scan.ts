import {
  formatNpmSpecifier,
  npmSpecifierOfUrl,
  parseNpmSpecifier,
  SpecifierError
} from "../../runtime/npm-specifier.ts";

const CELL = /<script\b([^>]*)>([\s\S]*?)<\/script>/gi;
const CODE = /type\s*=\s*["']?(module|text\/x-typescript|application\/vnd\.observable\.javascript)/i;
const OBSERVABLE = /vnd\.observable/i;
/** Anything in quotes that reads like a module of npm or of a CDN. */
const QUOTED = /(["'`])((?:npm:|https:\/\/)[^"'`\s\\]+)\1/g;
/** In prose only calls count: prose may name an import without making one. */
const CALLED = /\b(?:import|resolve)\(\s*(["'`])((?:npm:|https:\/\/)[^"'`\s\\]+)\1/g;
/** Observable JavaScript imports bare names and has `require`. */
const BARE = /\b(?:import|require)\(\s*(["'`])([@\w][^"'`\s\\:]*)\1/g;

/** Builtins that are npm packages a reader may install: the modules they import. */
const OPTIONAL: Record<string, string[]> = {
  echarts: ["npm:echarts"],
  mapboxgl: ["npm:mapbox-gl", "npm:mapbox-gl/dist/mapbox-gl.css"],
  mermaid: ["npm:mermaid"],
  vl: ["npm:vega", "npm:vega-lite", "npm:vega-lite-api"]
};

function normalised(text: string): string | undefined {
  try {
    if (text.startsWith("https:")) return npmSpecifierOfUrl(text);
    return formatNpmSpecifier(parseNpmSpecifier(text));
  } catch (error) {
    if (error instanceof SpecifierError) return undefined;
    throw error;
  }
}

function quoted(pattern: RegExp, source: string): string[] {
  return Array.from(source.matchAll(pattern), (match) => match[2] ?? "");
}

/** The `npm:` imports that a notebook's cells may make, static or dynamic, each once. */
export function npmSpecifiersIn(notebookText: string): string[] {
  const found = new Set<string>();
  for (const [, attributes = "", source = ""] of notebookText.matchAll(CELL)) {
    const candidates = CODE.test(attributes) ? quoted(QUOTED, source) : quoted(CALLED, source);
    if (OBSERVABLE.test(attributes)) candidates.push(...quoted(BARE, source));
    for (const candidate of candidates) {
      const specifier = normalised(candidate);
      if (specifier) found.add(specifier);
    }
  }
  return Array.from(found);
}

/** The packages behind the optional builtins that a notebook may use (mermaid, vl, echarts, mapboxgl). */
export function optionalSpecifiersIn(notebookText: string): string[] {
  const names = Object.keys(OPTIONAL).filter((name) => new RegExp(`\\b${name}\\b`).test(notebookText));
  return names.flatMap((name) => OPTIONAL[name] ?? []);
}
