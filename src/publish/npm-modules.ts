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
import {NpmModuleError, NpmPackageMissingError} from "./npm/errors.ts";
import {packageFile} from "./npm/package-file.ts";
import {npmSpecifiersIn, optionalSpecifiersIn} from "./npm/scan.ts";
import {sharedKeyOfPath} from "./npm/shared.ts";

export {NpmModuleError, NpmPackageMissingError} from "./npm/errors.ts";
export {npmSpecifiersIn} from "./npm/scan.ts";

/** Makes the ES module of one `npm:` import below `outDir`; the page must be served what `imports` names too. */
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

/** An answer to a request below `npm/`. */
export type NpmAnswer =
  | {status: 200; file: string}
  /** `body` is what the page's importer reads: {"error": {"name", "message"}}. */
  | {status: 404 | 500; body: string};

function refusal(status: 404 | 500, {name, message}: Error): NpmAnswer {
  return {status, body: JSON.stringify({error: {name, message}})};
}

async function answer(path: string, folders: NpmFolders): Promise<NpmAnswer> {
  const key = sharedKeyOfPath(path);
  if (key) return {status: 200, file: (await buildShared(key, folders)).file};
  const request = npmRequest(path);
  if (!request)
    throw new SpecifierError(`npm/${path} is not the address of a module; expected npm/<name>.js`);
  const specifier = parseNpmSpecifier(request.specifier);
  if (request.kind === "file") return {status: 200, file: packageFile(specifier, folders.roots).file};
  return {status: 200, file: (await buildModule(specifier, folders)).file};
}

/**
 * Answers requests below `npm/`, a decoded path such as `d3-hexbin@0.2.js` each, bundling on first
 * use into `outDir`. Never rejects: what went wrong is in the answer.
 */
export function npmServer(folders: NpmFolders): (path: string) => Promise<NpmAnswer> {
  const running = new Map<string, Promise<NpmAnswer>>();
  return (path) => {
    let reply = running.get(path);
    if (!reply) {
      reply = answer(path, folders)
        .catch((error: unknown) => {
          const known = error instanceof NpmModuleError || error instanceof SpecifierError;
          return refusal(known ? 404 : 500, error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => running.delete(path));
      running.set(path, reply);
    }
    return reply;
  };
}

/** Copies a file of a package to where it is served, and for a style sheet the files it names. */
async function copyPackageFile(
  specifier: string,
  {roots, outDir}: NpmFolders,
  done: Set<string>
): Promise<void> {
  if (done.has(specifier)) return;
  done.add(specifier);
  const parsed = parseNpmSpecifier(specifier);
  const {file} = packageFile(parsed, roots);
  const target = join(outDir, npmFilePath(specifier).slice("npm/".length));
  await mkdir(dirname(target), {recursive: true});
  await copyFile(file, target);
  if (!file.endsWith(".css")) return;
  const css = await readFile(file, "utf8");
  for (const [, address = ""] of css.matchAll(/url\(\s*["']?([^"')#?]+)/g)) {
    if (/^[a-z]+:|^\//i.test(address)) continue;
    const stem = specifier.slice(0, specifier.length - parsed.path.length);
    await copyPackageFile(stem + posix.join(posix.dirname(parsed.path), address), {roots, outDir}, done);
  }
}

/** What a static site's `npm/` folder was given. */
export interface PrebuiltModules {
  /** The specifiers that work on the site. */
  specifiers: string[];
  warnings: string[];
  /** Imports that will fail on the site, with the reason. */
  failures: {specifier: string; error: Error}[];
}

/** Fills a static site's `npm/` folder with every module that its notebooks' cells import. */
export async function prebuildNpmModules({
  notebooks,
  ...folders
}: NpmFolders & {notebooks: readonly string[]}): Promise<PrebuiltModules> {
  const {roots, outDir} = folders;
  const result: PrebuiltModules = {specifiers: [], warnings: [], failures: []};
  const files = new Set<string>();
  const seen = new Set<string>();
  const build = async (specifier: string): Promise<void> => {
    if (isNpmFile(specifier)) return copyPackageFile(specifier, folders, files);
    const built = await buildModule(parseNpmSpecifier(specifier), folders);
    if (built.warning) result.warnings.push(built.warning);
    for (const path of built.imports) {
      if (seen.has(path)) continue;
      seen.add(path);
      const key = sharedKeyOfPath(path);
      const request = npmRequest(path);
      if (key) await buildShared(key, {roots, outDir});
      else if (request) await build(request.specifier);
    }
  };
  const wanted = new Set(notebooks.flatMap(npmSpecifiersIn));
  const optional = new Set(notebooks.flatMap(optionalSpecifiersIn));
  for (const specifier of new Set([...wanted, ...optional])) {
    try {
      await build(specifier);
      result.specifiers.push(specifier);
    } catch (error) {
      // A builtin that may only be mentioned in prose is no failure when its package is not there.
      if (!wanted.has(specifier) && error instanceof NpmPackageMissingError) continue;
      result.failures.push({specifier, error: error instanceof Error ? error : new Error(String(error))});
    }
  }
  return result;
}
