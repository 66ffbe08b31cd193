import {existsSync, readFileSync, realpathSync, statSync} from "node:fs";
import {dirname, join, sep} from "node:path";
import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";
import type {NpmSpecifier} from "../../runtime/npm-specifier.ts";
import {NpmPackageMissingError} from "./errors.ts";

/** An installed package. */
export interface InstalledPackage {
  name: string;
  version: string;
  /** Its folder, with links resolved. */
  folder: string;
  /** Names that the package expects its user to bring, one instance for all. */
  peers: string[];
  /** Changes when an install may have changed what a bundle of the package holds. */
  stamp: string;
}

/** The folder `node_modules/<name>` that Node would find from one of `roots`, tried in order. */
function findFolder(name: string, roots: readonly string[]): string | undefined {
  for (const root of roots) {
    for (let folder = root; ; folder = dirname(folder)) {
      const candidate = join(folder, "node_modules", name);
      if (existsSync(join(candidate, "package.json"))) return candidate;
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/** npm rewrites this file whenever it changes anything in node_modules. */
function installTime(folder: string): number {
  const modules = folder.slice(
    0,
    folder.lastIndexOf(`${sep}node_modules${sep}`) + `${sep}node_modules`.length
  );
  return statSync(join(modules, ".package-lock.json"), {throwIfNoEntry: false})?.mtimeMs ?? 0;
}

export function findInstalled(name: string, roots: readonly string[]): InstalledPackage | undefined {
  const folder = findFolder(name, roots);
  if (!folder) return undefined;
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    version?: string;
    peerDependencies?: Record<string, string>;
  };
  const version = manifest.version ?? "0.0.0";
  return {
    name,
    version,
    folder: realpathSync(folder),
    peers: Object.keys(manifest.peerDependencies ?? {}),
    stamp: `${version} ${installTime(folder)} ${folder}`
  };
}

/** Whether a package is the one that the page was built with: the last of `roots` is the project's. */
export function isPagesOwn({name, version}: InstalledPackage, roots: readonly string[]): boolean {
  return findInstalled(name, roots.slice(-1))?.version === version;
}

export function requireInstalled({name, range}: NpmSpecifier, roots: readonly string[]): InstalledPackage {
  const installed = findInstalled(name, roots);
  if (!installed) throw new NpmPackageMissingError(name, range);
  return installed;
}

/** What to tell the reader when the installed version is not one that the import asked for. */
export function versionWarning({name, range}: NpmSpecifier, version: string): string | undefined {
  // A tag such as "latest" is not a range: whatever is installed answers it.
  if (!validRange(range) || satisfies(version, range, {includePrerelease: true})) return undefined;
  return `npm:${name}@${range} asks for another version than ${version}, which is installed and used; to change it run: npm install ${name}@${range}`;
}
