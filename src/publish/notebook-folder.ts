import {createHash, randomUUID} from "node:crypto";
import {link, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat} from "node:fs/promises";
import {dirname, join, relative, sep} from "node:path";
import {checkName, MOST_FOLDERS} from "../runtime/storage/names.ts";
import {summarize} from "../runtime/storage/summary.ts";
import {
  ConflictError,
  NameError,
  type NotebookEntry,
  type NotebookStorage,
  NotFoundError,
  type StoredNotebook
} from "../runtime/storage/types.ts";
import {Turns} from "./turns.ts";

/**
 * The notebooks of one folder on disk. A write is atomic (a temporary file, flushed, then renamed over the old one)
 * and conditional: it names the version it was made from, and fails when another is there. Nothing outside of the
 * folder is read or written, links included.
 */
export class NotebookFolder implements NotebookStorage {
  readonly kind = "server";
  readonly root: string;
  /** Writes take turns, so that a check and the rename that follows it are not parted by another write. */
  readonly #turns = new Turns();

  constructor(root: string) {
    this.root = root;
  }

  /** Every notebook of the folder and of the folders in it, as deep as names go, by name. */
  async list(): Promise<NotebookEntry[]> {
    const entries = await Promise.all((await this.#files("", 0)).map((name) => this.#entry(name)));
    return entries.filter((entry) => entry !== null).sort((a, b) => a.name.localeCompare(b.name));
  }

  async read(name: string): Promise<StoredNotebook> {
    const current = await this.#current(await this.#path(name));
    if (!current) throw new NotFoundError(`There is no notebook "${name}".`);
    return current;
  }

  write(name: string, text: string, {version}: {version: string | null}): Promise<{version: string}> {
    return this.#turns.take(async () => {
      const path = await this.#path(name);
      expectVersion(await this.#current(path), version, `save "${name}"`);
      await mkdir(dirname(path), {recursive: true});
      const bytes = Buffer.from(text, "utf8");
      const temporary = await writeBeside(path, bytes);
      try {
        if (version === null) await createFrom(temporary, path);
        else await rename(temporary, path);
      } finally {
        await rm(temporary, {force: true});
      }
      await flushFolder(dirname(path));
      return {version: hash(bytes)};
    });
  }

  rename(name: string, to: string, {version}: {version: string}): Promise<void> {
    return this.#turns.take(async () => {
      const [from, target] = [await this.#path(name), await this.#path(to)];
      expectVersion(await this.#current(from), version, `rename "${name}"`);
      expectVersion(await this.#current(target), null, `rename "${name}" to "${to}"`);
      await mkdir(dirname(target), {recursive: true});
      await createFrom(from, target);
      await rm(from);
    });
  }

  remove(name: string, {version}: {version: string}): Promise<void> {
    return this.#turns.take(async () => {
      const path = await this.#path(name);
      expectVersion(await this.#current(path), version, `delete "${name}"`);
      await rm(path);
    });
  }

  /** The files of a folder (`""`, or a path that ends in a slash) and of those in it. */
  async #files(folder: string, depth: number): Promise<string[]> {
    const entries = await readdir(join(this.root, folder), {withFileTypes: true});
    const files = entries.map(async (entry) => {
      const path = folder + entry.name;
      if (!entry.isDirectory()) return [path];
      const isOurs = !entry.name.startsWith(".") && entry.name !== "node_modules";
      return isOurs && depth < MOST_FOLDERS ? this.#files(`${path}/`, depth + 1) : [];
    });
    return (await Promise.all(files)).flat();
  }

  /** The path of a notebook's file, which need not exist; never a link, and never outside of the folder. */
  async #path(name: string): Promise<string> {
    const path = join(this.root, `${checkName(name)}.html`);
    const folder = await nearestFolder(dirname(path));
    const base = await realpath(this.root);
    if (folder !== base && !folder.startsWith(base + sep))
      throw new NameError(`The notebook "${name}" lies outside of the notebooks' folder.`);
    const file = await lstat(path).catch(() => null);
    if (file && !file.isFile())
      throw new NameError(`The notebook "${name}" is a link or a folder, not a file.`);
    return path;
  }

  async #current(path: string): Promise<StoredNotebook | null> {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw error;
    });
    return bytes && {text: bytes.toString("utf8"), version: hash(bytes)};
  }

  async #entry(file: string): Promise<NotebookEntry | null> {
    if (!file.endsWith(".html")) return null;
    try {
      const name = file.slice(0, -".html".length);
      const path = await this.#path(name);
      const {mtimeMs, size} = await stat(path);
      const text = await readFile(path, "utf8");
      // A data file may be HTML too.
      if (!/<notebook[\s>]/i.test(text)) return null;
      return {name, ...summarize(text), modifiedAt: Math.round(mtimeMs), sizeBytes: size};
    } catch (error) {
      if (error instanceof NameError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }
}

/** The real path of a folder, or of the nearest one above it that exists: links count where they lead. */
async function nearestFolder(folder: string): Promise<string> {
  return realpath(folder).catch((error) => {
    if (error.code !== "ENOENT" || dirname(folder) === folder) throw error;
    return nearestFolder(dirname(folder));
  });
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function expectVersion(current: StoredNotebook | null, version: string | null, task: string): void {
  if ((current?.version ?? null) === version) return;
  const reason = current ? "another text is on disk" : "it is not on disk any more";
  throw new ConflictError(`Could not ${task}: ${reason}.`, current);
}

/** Writes the bytes to a new hidden file in the same folder and waits until they are on the disk. */
async function writeBeside(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = join(dirname(path), `.petri-${randomUUID()}.tmp`);
  const file = await open(temporary, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

/** Gives the file a second name; unlike a rename, that fails when the name is taken by then. */
async function createFrom(path: string, target: string): Promise<void> {
  try {
    await link(path, target);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const bytes = await readFile(target);
      const current = {text: bytes.toString("utf8"), version: hash(bytes)};
      throw new ConflictError(`Could not write ${relative(dirname(target), target)}: it exists.`, current);
    }
    // Some file systems (exFAT, network shares) have no hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    const file = await open(target, "wx");
    try {
      await file.writeFile(await readFile(path));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Makes a rename durable; Windows cannot open a folder, and needs no such thing. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
