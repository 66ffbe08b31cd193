import {ImportError} from "../../runtime/errors.ts";
import {
  isNpmFile,
  npmFilePath,
  npmModulePath,
  npmSpecifierOfUrl,
  parseNpmSpecifier
} from "../../runtime/npm-specifier.ts";
import type {LoadModule} from "./shared-modules.ts";
import {pageSatisfies} from "./shared-version.ts";

export interface ImporterOptions {
  /** The site's base: npm modules are served below it. */
  siteUrl: string;
  /** The notebook's own address: what `./module.js` is relative to. */
  notebookUrl: () => string;
  /** The page's own packages by name: see sharedModules. */
  shared: Record<string, LoadModule>;
  /** Modules of ours by specifier: `petri/pruning`. */
  own: Record<string, LoadModule>;
  /** For tests: the browser's own import and fetch otherwise. */
  load?: (url: string) => Promise<object>;
  fetch?: typeof fetch;
}

export interface Importer {
  /** What `import ... from specifier` and `import(specifier)` in a cell give. */
  importModule(specifier: string): Promise<object>;
  /** What `import.meta.resolve(specifier)` in a cell gives: an absolute address. */
  resolve(specifier: string): string;
}

/** The attribute by which a page knows that it has a package's style sheet. */
const STYLE_MARK = "data-petri-npm";

/** The namespace of a CommonJS package has the names it set when it ran: its bundle hands them on as one object. */
function unwrapped(module: object): object {
  return "__namespace" in module ? (module.__namespace as object) : module;
}

/** A package that the page holds, with a default export: for CommonJS that is the package itself. */
function withDefault(module: object): object {
  return "default" in module ? module : {...module, default: module};
}

function addStyleSheet(href: string): object {
  const known = document.head.querySelector(`link[${STYLE_MARK}="${CSS.escape(href)}"]`);
  if (!known) {
    const link = Object.assign(document.createElement("link"), {rel: "stylesheet", href});
    link.setAttribute(STYLE_MARK, href);
    document.head.append(link);
  }
  return {default: href};
}

/** Turns the specifiers of a notebook's imports into modules, all from this site. */
export function createImporter({
  siteUrl,
  notebookUrl,
  shared,
  own,
  load = (url) => import(/* @vite-ignore */ url),
  fetch: get = (...request) => fetch(...request)
}: ImporterOptions): Importer {
  const modules = new Map<string, Promise<object>>();
  const attempts = new Map<string, number>();

  /** Why the server would not give a module; our own answers carry an error, others a status. */
  async function reason(specifier: string, url: string, cause: unknown): Promise<Error> {
    const response = await get(url).catch(() => undefined);
    if (!response || response.ok) return cause instanceof Error ? cause : new Error(String(cause));
    const {error} = (await response.json().catch(() => ({}))) as {error?: {message: string}};
    if (error) return new ImportError(error.message);
    const {name, range} = parseNpmSpecifier(specifier);
    return new ImportError(
      `${specifier} is not part of this site; where it is built, run: npm install ${name}${range && `@${range}`} && npm run build`
    );
  }

  async function importNpm(specifier: string): Promise<object> {
    const {name, range, path} = parseNpmSpecifier(specifier);
    const local = shared[path ? `${name}/${path}` : name];
    // For another version the server says whether it has one, and warns when it has not.
    if (local && (await pageSatisfies(name, range))) return withDefault(await local());
    if (isNpmFile(specifier)) return importFile(specifier);
    const url = new URL(npmModulePath(specifier), siteUrl);
    // A browser keeps a failed module for ever; after an install, another address gets another answer.
    const attempt = attempts.get(url.href) ?? 0;
    if (attempt > 0) url.searchParams.set("attempt", `${attempt}`);
    try {
      return unwrapped(await load(url.href));
    } catch (error) {
      attempts.set(new URL(npmModulePath(specifier), siteUrl).href, attempt + 1);
      throw await reason(specifier, url.href, error);
    }
  }

  async function importFile(specifier: string): Promise<object> {
    const {href} = new URL(npmFilePath(specifier), siteUrl);
    if (href.endsWith(".css")) return addStyleSheet(href);
    const response = await get(href);
    if (!response.ok) throw await reason(specifier, href, new ImportError(`${specifier} could not be read`));
    return {default: href.endsWith(".json") ? await response.json() : await response.text()};
  }

  function importNew(specifier: string): Promise<object> {
    const ours = own[specifier];
    if (ours) return ours();
    if (specifier.startsWith("npm:")) return importNpm(specifier);
    const onCdn = npmSpecifierOfUrl(specifier);
    if (onCdn) return importNpm(onCdn);
    if (/^\.{0,2}\//.test(specifier)) return load(new URL(specifier, notebookUrl()).href);
    if (/^(https?|data|blob):/.test(specifier)) return load(specifier);
    throw unsupported(specifier, own);
  }

  return {
    importModule(specifier) {
      // One instance of a module for all cells, and none of a module that failed.
      const key = /^\.{0,2}\//.test(specifier) ? new URL(specifier, notebookUrl()).href : specifier;
      let module = modules.get(key);
      if (!module) {
        module = Promise.resolve().then(() => importNew(specifier));
        modules.set(key, module);
        module.catch(() => modules.delete(key));
      }
      return module;
    },
    resolve(specifier) {
      const npm = specifier.startsWith("npm:") ? specifier : npmSpecifierOfUrl(specifier);
      if (npm) return new URL(isNpmFile(npm) ? npmFilePath(npm) : npmModulePath(npm), siteUrl).href;
      return new URL(specifier, notebookUrl()).href;
    }
  };
}

function unsupported(specifier: string, own: Record<string, LoadModule>): ImportError {
  if (specifier.startsWith("jsr:")) {
    const [scope = "", name = ""] = specifier.slice("jsr:".length).split("/");
    const plain = name.replace(/@.*$/, "");
    return new ImportError(
      `${specifier}: Petri does not fetch from jsr.io; run: npx jsr add ${scope}/${plain} and import "npm:@jsr/${scope.slice(1)}__${plain}"`
    );
  }
  if (specifier.startsWith("observable:") || specifier.startsWith("@")) {
    return new ImportError(
      `${specifier}: Petri does not fetch notebooks from observablehq.com; copy the cells you need into this notebook`
    );
  }
  if (specifier.startsWith("petri/")) {
    return new ImportError(`there is no module “${specifier}”; there are ${Object.keys(own).join(", ")}`);
  }
  if (/^\w+:/.test(specifier)) {
    return new ImportError(`cells cannot import “${specifier}”; use npm:, ./ or petri/ instead`);
  }
  return new ImportError(
    `“${specifier}” is not a module's address; for the package write "npm:${specifier}"`
  );
}

/** Lets the modules below `npm/` get the page's own instance of a package. */
export function provideShared(shared: Record<string, LoadModule>): void {
  Object.assign(globalThis, {
    [Symbol.for("petri.shared")]: async (key: string): Promise<object> => {
      const local = shared[key];
      if (!local) throw new ImportError(`this page has no package “${key}” to share`);
      return withDefault(await local());
    }
  });
}
