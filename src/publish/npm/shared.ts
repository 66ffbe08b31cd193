/**
 * Packages of which a page must hold one instance; the page's library provides them, see
 * src/cells/library/shared-modules.ts, whose keys these are.
 */
export const SHARED: ReadonlySet<string> = new Set([
  "@observablehq/inputs",
  "@observablehq/plot",
  "apache-arrow",
  "arquero",
  "d3",
  "htl",
  "katex",
  "leaflet",
  "lodash",
  "react",
  "react-dom",
  "react-dom/client",
  "topojson-client"
]);

/** The modules that `d3` is made of: its namespace holds all that they export. */
export const D3_MODULES: ReadonlySet<string> = new Set(
  (
    "array axis brush chord color contour delaunay dispatch drag dsv ease fetch force format geo hierarchy " +
    "interpolate path polygon quadtree random scale scale-chromatic selection shape time time-format timer transition zoom"
  )
    .split(" ")
    .map((name) => `d3-${name}`)
);

/** The key of the shared module that answers a bare import, if one does. */
export function sharedKey(specifier: string): string | undefined {
  if (D3_MODULES.has(specifier)) return "d3";
  return SHARED.has(specifier) ? specifier : undefined;
}

const SHARED_FOLDER = "@/shared/";

/** Where the module that hands on a shared instance is served, relative to `npm/`. */
export function sharedPath(key: string): string {
  return `${SHARED_FOLDER}${key}.js`;
}

/** The inverse of sharedPath. */
export function sharedKeyOfPath(path: string): string | undefined {
  if (!path.startsWith(SHARED_FOLDER) || !path.endsWith(".js")) return undefined;
  return sharedKey(path.slice(SHARED_FOLDER.length, -".js".length));
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Words that cannot be declared, though they may be exported. */
const RESERVED = new Set(
  "default delete enum export extends import in new null super switch this typeof void with".split(" ")
);

/** An ES module whose exports are those of the page's own instance of a package. */
export function sharedModuleSource(key: string, exports: readonly string[]): string {
  const names = exports.filter((name) => IDENTIFIER.test(name) && !RESERVED.has(name));
  return `const shared = await globalThis[Symbol.for("petri.shared")](${JSON.stringify(key)});
export default shared.default ?? shared;
export const {${names.join(", ")}} = shared;
`;
}
