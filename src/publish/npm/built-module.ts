import {randomUUID} from "node:crypto";
import {mkdir, readFile, rename, writeFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {type NpmSpecifier, parseNpmSpecifier} from "../../runtime/npm-specifier.ts";
import {bundle, relocated, wayUp} from "./bundle.ts";
import {type InstalledPackage, isPagesOwn, requireInstalled, versionWarning} from "./installed.ts";
import {sharedKey, sharedModuleSource, sharedPath} from "./shared.ts";

/** Change this when bundles made before must be made again. */
const FORMAT = "1";

/** A module written below `outDir`. */
export interface BuiltModule {
  file: string;
  /** The installed version that it holds. */
  version: string;
  /** Paths relative to `npm/` of the modules that it imports. */
  imports: string[];
  /** Set when the installed version is not one that the import asked for. */
  warning?: string;
}

/** What is remembered beside a module, to know whether it is still good. */
interface Memo {
  stamp: string;
  exports: string[];
  imports: string[];
}

export interface NpmFolders {
  /** Folders whose node_modules are searched, the nearest to the notebooks first. */
  roots: readonly string[];
  /** Where modules are written: what is served as `npm/`. */
  outDir: string;
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  // Written aside and moved, so that a request never reads half a module.
  const part = `${file}.${randomUUID()}.part`;
  await writeFile(part, text);
  await rename(part, file);
}

/** Makes a module unless a good one is there already. */
async function remember(
  file: string,
  stamp: string,
  make: () => Promise<{code: string; exports: string[]; imports: string[]}>
): Promise<Memo> {
  const memo = `${file}.json`;
  try {
    const known = JSON.parse(await readFile(memo, "utf8")) as Memo;
    if (known.stamp === stamp) return known;
  } catch {
    // Never made, or the note is damaged: make it.
  }
  const {code, exports, imports} = await make();
  const made = {stamp, exports, imports};
  await write(file, code);
  await write(memo, JSON.stringify(made));
  return made;
}

async function exportsOf(
  specifier: NpmSpecifier,
  installed: InstalledPackage,
  roots: readonly string[]
): Promise<string[]> {
  const {exports} = await bundle({specifier, installed, roots, standalone: true});
  if (!exports.includes("__namespace")) return exports;
  // What a CommonJS package exports is known when it has run; the shared ones are few and run anywhere.
  const require = createRequire(join(installed.folder, "package.json"));
  return Object.keys(require(`${specifier.name}${specifier.path && `/${specifier.path}`}`) as object);
}

/** The module by which other modules get the page's own instance of a package. */
export async function buildShared(key: string, {roots, outDir}: NpmFolders): Promise<BuiltModule> {
  const specifier = parseNpmSpecifier(key);
  // What the page shares is the project's, whatever lies beside the notebooks.
  const installed = requireInstalled(specifier, roots.slice(-1));
  const file = join(outDir, sharedPath(key));
  await remember(file, `${FORMAT} ${installed.stamp}`, async () => {
    const exports = await exportsOf(specifier, installed, roots.slice(-1));
    return {code: sharedModuleSource(key, exports), exports: [...exports, "default"], imports: []};
  });
  return {file, version: installed.version, imports: []};
}

/** The one module of a package's path, whatever version range imports name. */
async function buildPlain(
  path: string,
  specifier: NpmSpecifier,
  installed: InstalledPackage,
  folders: NpmFolders
): Promise<Memo> {
  const {roots, outDir} = folders;
  return remember(join(outDir, path), `${FORMAT} ${installed.stamp}`, async () => {
    const made = await bundle({specifier, installed, roots});
    return {...made, code: relocated(made.code, path)};
  });
}

function handOn(path: string, to: string, exports: readonly string[], warning: string | undefined): string {
  const target = JSON.stringify(wayUp(path) + to);
  const lines = [`export * from ${target};`];
  if (exports.includes("default")) lines.push(`export {default} from ${target};`);
  if (warning) lines.push(`console.warn(${JSON.stringify(warning)});`);
  return `${lines.join("\n")}\n`;
}

/** Makes the module that an `npm:` import is served as, and what it needs of its own package. */
export async function buildModule(specifier: NpmSpecifier, folders: NpmFolders): Promise<BuiltModule> {
  const installed = requireInstalled(specifier, folders.roots);
  const {name, range, path} = specifier;
  const bare = `${name}${path && `/${path}`}`;
  const plain = `${bare}.js`;
  const warning = versionWarning(specifier, installed.version);
  const asked = `${name}${range && `@${range}`}${path && `/${path}`}.js`;
  const key = isPagesOwn(installed, folders.roots) ? sharedKey(bare) : undefined;
  const target = key ? sharedPath(key) : plain;
  const record = key
    ? {exports: ["default"], imports: []}
    : await buildPlain(plain, specifier, installed, folders);
  const file = join(folders.outDir, asked);
  if (asked === target) return {file, version: installed.version, imports: record.imports};
  const imports = [target, ...record.imports];
  await remember(file, `${FORMAT} ${installed.stamp} ${warning}`, async () => ({
    code: handOn(asked, target, record.exports, warning),
    exports: record.exports,
    imports
  }));
  return {file, version: installed.version, imports, ...(warning && {warning})};
}
