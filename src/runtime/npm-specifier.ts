/** The parts of an import such as `npm:@scope/name@^7/dist/file.js`. */
export interface NpmSpecifier {
  /** `d3` or `@observablehq/plot` */
  name: string;
  /** The version range after `@`, empty when none is written. */
  range: string;
  /** The path inside the package without a leading slash, empty for the main entry. */
  path: string;
}

/** A specifier that Petri cannot turn into a module: another protocol, or a malformed name. */
export class SpecifierError extends Error {
  override name = "SpecifierError";
}

/** https://github.com/npm/validate-npm-package-name, without the names of Node's own modules. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-zA-Z0-9~-][a-zA-Z0-9._~-]*$/;
const PATH_SEGMENT = /^(?!\.{1,2}$)[\w.@~+-]+$/;
const RANGE = /^[\w.^~<>=*|+-]+$/;

/** Parses what follows `npm:` (the protocol itself may be left out). */
export function parseNpmSpecifier(specifier: string): NpmSpecifier {
  const parts = specifier
    .replace(/^npm:/, "")
    .replace(/\/?\+esm$/, "")
    .split("/");
  const scoped = parts[0]?.startsWith("@");
  const nameAndRange = parts.splice(0, scoped ? 2 : 1).join("/");
  const at = nameAndRange.indexOf("@", 1);
  const name = at > 0 ? nameAndRange.slice(0, at) : nameAndRange;
  const range = at > 0 ? nameAndRange.slice(at + 1) : "";
  const segments = parts.filter((part) => part !== "");
  if (
    !PACKAGE_NAME.test(name) ||
    !segments.every((part) => PATH_SEGMENT.test(part)) ||
    (range && !RANGE.test(range))
  ) {
    throw new SpecifierError(
      `“npm:${specifier.replace(/^npm:/, "")}” is not an npm import; write npm:name, npm:name@7 or npm:@scope/name@7/path.js`
    );
  }
  return {name, range, path: segments.join("/")};
}

export function formatNpmSpecifier({name, range, path}: NpmSpecifier): string {
  return `npm:${name}${range && `@${range}`}${path && `/${path}`}`;
}

function address({name, range, path}: NpmSpecifier): string {
  return `${name}${range && `@${encodeURIComponent(range)}`}${path && `/${path}`}`;
}

/** Where the bundled ES module of an import is served, relative to the site's base: `npm/d3@7.js`. */
export function npmModulePath(specifier: string): string {
  return `npm/${address(parseNpmSpecifier(specifier))}.js`;
}

// No package can be named so, and every static host serves it (some hide names that begin with _ or a dot).
const FILES = "@/file/";

/**
 * Where one file of a package is served as it is, relative to the site's base: what
 * `import.meta.resolve("npm:us-atlas/counties-10m.json")` stands for.
 */
export function npmFilePath(specifier: string): string {
  return `npm/${FILES}${address(parseNpmSpecifier(specifier))}`;
}

/** The inverse of npmModulePath and npmFilePath for a decoded path below `npm/`; undefined when it is neither. */
export function npmRequest(path: string): {kind: "module" | "file"; specifier: string} | undefined {
  if (path.startsWith(FILES)) return {kind: "file", specifier: `npm:${path.slice(FILES.length)}`};
  if (path.startsWith("@/") || !path.endsWith(".js")) return undefined;
  return {kind: "module", specifier: `npm:${path.slice(0, -".js".length)}`};
}

/**
 * True for paths that are data or styles rather than code, which import.meta.resolve should
 * answer with the file and not with a bundle of it.
 */
export function isNpmFile(specifier: string): boolean {
  const {path} = parseNpmSpecifier(specifier);
  return /\.\w+$/.test(path) && !/\.[cm]?[jt]sx?$/.test(path);
}

const CDN = /^https:\/\/(?:cdn\.jsdelivr\.net\/npm|esm\.sh|unpkg\.com|cdn\.skypack\.dev)\/(.+?)(?:\?.*)?$/;

/**
 * The npm: form of a module address on a public CDN, as the format's own transpiler and older
 * notebooks write them; undefined for other addresses.
 */
export function npmSpecifierOfUrl(url: string): string | undefined {
  const match = CDN.exec(url);
  if (!match?.[1] || match[1].startsWith("jsr/")) return undefined;
  return formatNpmSpecifier(parseNpmSpecifier(decodeURIComponent(match[1])));
}
