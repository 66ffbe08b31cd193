import {copyFile, mkdir, readFile} from "node:fs/promises";
import {dirname, join, posix} from "node:path";
import {
  isNpmFile,
  npmFilePath,
  npmRequest,
  parseNpmSpecifier,
  SpecifierError
} from "../runtime/npm-specifier.ts";
import {type BuiltModule, buildModule, buildShared, type NpmFolders} from "./npm/built-module.ts";
import {NpmPackageMissingError} from "./npm/errors.ts";
import {packageFile} from "./npm/package-file.ts";
import {npmSpecifiersIn, optionalSpecifiersIn} from "./npm/scan.ts";
import {sharedKeyOfPath} from "./npm/shared.ts";

export {NpmModuleError} from "./npm/errors.ts";
export {npmSpecifiersIn} from "./npm/scan.ts";

/** Makes the ES module of one `npm:` import below `outDir`; `imports` names the modules that it imports. */
export function bundleNpmModule({
  specifier,
  root,
  outDir
}: {
  specifier: string;
  root: string;
  outDir: string;
}): Promise<BuiltModule> {
  return buildModule(parseNpmSpecifier(specifier), {roots: [root], outDir});
}

async function fileFor(path: string, folders: NpmFolders): Promise<string> {
  const key = sharedKeyOfPath(path);
  if (key) return (await buildShared(key, folders)).file;
  const request = npmRequest(path);
  if (!request) throw new SpecifierError(`npm/${path} is not a module's address; expected npm/<name>.js`);
  const specifier = parseNpmSpecifier(request.specifier);
  if (request.kind === "file") return packageFile(specifier, folders.roots).file;
  return (await buildModule(specifier, folders)).file;
}

/**
 * Answers a decoded path below `npm/`, such as `d3-hexbin@0.2.js`, with a file to send; bundles on
 * first use. Rejects with an NpmModuleError or a SpecifierError whose message is for the reader.
 */
export function npmModules(folders: NpmFolders): (path: string) => Promise<string> {
  const running = new Map<string, Promise<string>>();
  return (path) => {
    const known = running.get(path);
    if (known) return known;
    const file = fileFor(path, folders).finally(() => running.delete(path));
    running.set(path, file);
    return file;
  };
}

/** What a static site's `npm/` folder was given. */
export interface PrebuiltModules {
  /** The specifiers that work on the site. */
  specifiers: string[];
  warnings: string[];
  /** Imports that will fail on the site, with the reason. */
  failures: {specifier: string; error: Error}[];
}

/** Copies modules and files of packages into a site's `npm/` folder, each with all that it needs. */
class SiteModules {
  readonly warnings: string[] = [];
  readonly #folders: NpmFolders;
  readonly #site: string;
  readonly #done = new Set<string>();

  constructor(folders: NpmFolders, site: string) {
    this.#folders = folders;
    this.#site = site;
  }

  async add(specifier: string): Promise<void> {
    if (isNpmFile(specifier)) return this.#addFile(specifier);
    const built = await buildModule(parseNpmSpecifier(specifier), this.#folders);
    if (built.warning) this.warnings.push(built.warning);
    await this.#copy(built.file, built.file.slice(this.#folders.outDir.length + 1));
    for (const path of built.imports) await this.#addImport(path);
  }

  async #addImport(path: string): Promise<void> {
    const key = sharedKeyOfPath(path);
    const request = npmRequest(path);
    if (key) await this.#copy((await buildShared(key, this.#folders)).file, path);
    else if (request && !this.#done.has(path)) await this.add(request.specifier);
  }

  /** A file of a package, and for a style sheet the files that it names. */
  async #addFile(specifier: string): Promise<void> {
    const parsed = parseNpmSpecifier(specifier);
    const {file} = packageFile(parsed, this.#folders.roots);
    const isNew = await this.#copy(file, npmFilePath(specifier).slice("npm/".length));
    if (!isNew || !file.endsWith(".css")) return;
    const stem = specifier.slice(0, specifier.length - parsed.path.length);
    for (const [, address = ""] of (await readFile(file, "utf8")).matchAll(/url\(\s*["']?([^"')#?]+)/g)) {
      if (!/^[a-z]+:|^\//i.test(address))
        await this.#addFile(stem + posix.join(posix.dirname(parsed.path), address));
    }
  }

  async #copy(file: string, path: string): Promise<boolean> {
    if (this.#done.has(path)) return false;
    this.#done.add(path);
    const target = join(this.#site, decodeURIComponent(path));
    await mkdir(dirname(target), {recursive: true});
    await copyFile(file, target);
    return true;
  }
}

/** Fills a static site's `npm/` folder with every module that its notebooks' cells import. */
export async function prebuildNpmModules({
  notebooks,
  site,
  ...folders
}: NpmFolders & {
  /** The texts of the notebooks. */
  notebooks: readonly string[];
  /** The site's `npm/` folder. */
  site: string;
}): Promise<PrebuiltModules> {
  const modules = new SiteModules(folders, site);
  const result: PrebuiltModules = {specifiers: [], warnings: modules.warnings, failures: []};
  const wanted = new Set(notebooks.flatMap(npmSpecifiersIn));
  const optional = notebooks.flatMap(optionalSpecifiersIn);
  for (const specifier of new Set([...wanted, ...optional])) {
    try {
      await modules.add(specifier);
      result.specifiers.push(specifier);
    } catch (error) {
      // A builtin that may only be mentioned in prose is no failure when its package is not there.
      if (!wanted.has(specifier) && error instanceof NpmPackageMissingError) continue;
      result.failures.push({specifier, error: error instanceof Error ? error : new Error(String(error))});
    }
  }
  return result;
}
