import {existsSync, statSync} from "node:fs";
import {join} from "node:path";
import type {Plugin} from "vite";
import {formatNpmSpecifier, type NpmSpecifier} from "../../runtime/npm-specifier.ts";
import {NpmModuleError, NpmPathMissingError} from "./errors.ts";
import {findInstalled, type InstalledPackage, isPagesOwn} from "./installed.ts";
import {isEsModule} from "./module-kind.ts";
import {sharedKey, sharedPath} from "./shared.ts";

/** One package's module as one ES module file. */
export interface Bundle {
  /** Imports other modules below `npm/` by the addresses that `relocated` rewrites. */
  code: string;
  /** Names that the module exports. */
  exports: string[];
  /** Paths relative to `npm/` of the modules it imports when it runs. */
  imports: string[];
}

/** The module that a CommonJS package is bundled as exports its namespace under this name; the page unwraps it. */
const NAMESPACE = "__namespace";
const ENTRY = "petri:entry";
const NPM = "petri:npm/";
const REQUIRE = "\0petri:require/";
const NAMESPACE_OF = "\0petri:namespace/";

function isFile(file: string): boolean {
  return statSync(file, {throwIfNoEntry: false})?.isFile() === true;
}

/** A path as it lies in the package's folder, which its `exports` may hide: a CDN serves it, so do we. */
function fileInPackage(installed: InstalledPackage, path: string): string | undefined {
  if (!path) return undefined;
  return ["", ".js", ".mjs", ".cjs", "/index.js", "/index.mjs"]
    .map((ending) => join(installed.folder, path + ending))
    .find(isFile);
}

interface Request {
  specifier: NpmSpecifier;
  installed: InstalledPackage;
  roots: readonly string[];
  /** Copies everything into the bundle, even what the page shares. */
  standalone?: boolean;
}

/**
 * The path relative to `npm/` of the module that answers a bare import inside a bundle, for the
 * imports that must not be copied into it: what the page shares, peers, and the package's own main module.
 */
function externalPath(
  source: string,
  file: string,
  {specifier, installed, roots}: Request
): string | undefined {
  const [name = "", ...path] = source.startsWith("@")
    ? [source.split("/").slice(0, 2).join("/"), ...source.split("/").slice(2)]
    : source.split("/");
  const candidate = findInstalled(name, roots);
  // Another version than the one that the reader's own import would get is the bundle's affair.
  if (!candidate || !file.startsWith(`${candidate.folder.replaceAll("\\", "/")}/`)) return undefined;
  const key = sharedKey(source);
  if (key && isPagesOwn(candidate, roots)) return sharedPath(key);
  const isOwnMain = name === specifier.name && path.length === 0 && specifier.path !== "";
  if (!isOwnMain && !installed.peers.includes(name)) return undefined;
  return isEsModule(file) ? `${source}.js` : undefined;
}

/** Resolves the entry, and turns the imports that stay outside into addresses of other npm modules. */
function npmPlugin(request: Request): Plugin {
  const {specifier, installed} = request;
  const bare = `${specifier.name}${specifier.path && `/${specifier.path}`}`;
  let entry: string | undefined;
  return {
    name: "petri-npm",
    enforce: "pre",
    async resolveId(source, importer, options) {
      if (source.startsWith(NPM)) return {id: source, external: true};
      if (source.startsWith(NAMESPACE_OF) || source.startsWith(REQUIRE)) return source;
      if (source === ENTRY) {
        const anchor = join(installed.folder, "..", "petri-entry.js");
        const resolved = await this.resolve(bare, anchor, {skipSelf: true}).catch(() => null);
        const found = resolved && !resolved.external && existsSync(resolved.id.split("?")[0] ?? "");
        entry = found ? resolved.id : fileInPackage(installed, specifier.path);
        if (!entry) throw new NpmPathMissingError(specifier.name, installed.version, specifier.path);
        return isEsModule(entry) ? entry : `\0${ENTRY}`;
      }
      if (!importer || importer.startsWith("\0") || /^[./\0]|^[a-z]+:/i.test(source)) return null;
      const resolved = await this.resolve(source, importer, {...options, skipSelf: true});
      if (!resolved || resolved.external) return resolved;
      const path = request.standalone ? undefined : externalPath(source, resolved.id, request);
      if (!path) return resolved;
      return options.kind === "require-call" ? REQUIRE + path : {id: NPM + path, external: true};
    },
    load(id) {
      if (id === `\0${ENTRY}`) {
        return `import * as namespace from ${JSON.stringify(entry)};
export const ${NAMESPACE} = namespace;
export default namespace.default;`;
      }
      // `require` of a module that stays outside: CommonJS on the near side, an import on the far side.
      if (id.startsWith(REQUIRE)) {
        const path = id.slice(REQUIRE.length);
        return `module.exports = require(${JSON.stringify(NAMESPACE_OF + path)}).value;`;
      }
      if (id.startsWith(NAMESPACE_OF)) {
        const path = id.slice(NAMESPACE_OF.length);
        return `import * as namespace from ${JSON.stringify(NPM + path)};
export const value = namespace.default ?? namespace;`;
      }
      return null;
    }
  };
}

/** The way from a module below `npm/` back to `npm/`. */
export function wayUp(path: string): string {
  return "../".repeat(path.split("/").length - 1) || "./";
}

/** Code of a bundle for the place where it is served, a path relative to `npm/`. */
export function relocated(code: string, path: string): string {
  return code.replaceAll(NPM, wayUp(path));
}

/** JavaScript that puts a bundle's style sheet into the page. */
function styleInjection(css: string): string {
  return `document.head.append(Object.assign(document.createElement("style"), {textContent: ${JSON.stringify(css)}}));\n`;
}

/** Bundles one module of an installed package, with all it needs but what stays outside, into one ES module. */
export async function bundle(request: Request): Promise<Bundle> {
  const {specifier, installed} = request;
  // Loaded late: a server that is never asked for a package starts without the bundler.
  const {build} = await import("vite");
  const result = await build({
    configFile: false,
    root: installed.folder,
    base: "./",
    publicDir: false,
    // The package's own tools are not ours: no .env, no PostCSS configuration.
    envDir: false,
    css: {postcss: {}},
    logLevel: "silent",
    // Said outright, because a development server's or a test's environment would choose other code.
    mode: "production",
    resolve: {conditions: ["module", "browser", "production"]},
    define: {"process.env.NODE_ENV": '"production"', global: "globalThis"},
    plugins: [npmPlugin(request)],
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      cssCodeSplit: false,
      assetsInlineLimit: () => true,
      rolldownOptions: {
        input: ENTRY,
        preserveEntrySignatures: "strict",
        output: {format: "es", codeSplitting: false}
      }
    }
  }).catch((error: unknown) => {
    const cause = (error as {errors?: unknown[]}).errors?.[0] ?? error;
    const own = [error, cause, (cause as {cause?: unknown}).cause].find(
      (one) => one instanceof NpmModuleError
    );
    throw (
      own ??
      new NpmModuleError(`${formatNpmSpecifier(specifier)} could not be bundled for the browser: ${cause}`)
    );
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) =>
    "output" in one ? one.output : []
  );
  const chunk = outputs.find((output) => output.type === "chunk");
  if (!chunk) throw new NpmModuleError(`${formatNpmSpecifier(specifier)} holds no JavaScript`);
  const css = outputs.map((output) =>
    output.type === "asset" && output.fileName.endsWith(".css") ? String(output.source) : ""
  );
  return {
    code: css.filter(Boolean).map(styleInjection).join("") + chunk.code,
    exports: chunk.exports,
    imports: chunk.imports.filter((path) => path.startsWith(NPM)).map((path) => path.slice(NPM.length))
  };
}
