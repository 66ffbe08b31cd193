/** What an import looks for in a folder; TensorBoard's event files have no ending of their own. */
const isEventFile = (name: string) => name.includes("tfevents");
const isTable = (name: string) => /\.(csv|tsv|arrow|arrows|feather|ipc|parquet|db|sqlite3?|zip)$/i.test(name);

/** Folders of tools, which hold copies and settings. */
const isHidden = (name: string) => name.startsWith(".") || name === "node_modules";

/** Files that were chosen or dropped, and the folders they came in. */
export interface GivenFiles {
  files: File[];
  /** Names of the folders that were given. */
  folders: string[];
}

/** What of the files of folders is for the store: event files where there are any, else tables and databases. */
export function importable(files: readonly File[]): File[] {
  const events = files.filter(({name}) => isEventFile(name));
  return events.length > 0 ? events : files.filter(({name}) => isTable(name));
}

/** Says that folders had nothing to import. */
export const nothingIn = (folders: readonly string[]): string =>
  `There is nothing to import in ${folders.join(", ")}: no event files of TensorBoard, databases, CSV, Arrow or Parquet files.`;

/** The files of a drop, those of folders with their paths (`webkitRelativePath`). To be called while the event is handled. */
export async function droppedFiles(transfer: DataTransfer | null): Promise<GivenFiles> {
  const given: GivenFiles = {files: [], folders: []};
  // The list is emptied when the handler returns.
  const items = Array.from(transfer?.items ?? [])
    .filter(({kind}) => kind === "file")
    .map((item) => ({entry: item.webkitGetAsEntry?.(), file: item.getAsFile()}));
  const inside: File[] = [];
  for (const {entry, file} of items) {
    if (entry?.isDirectory) {
      given.folders.push(entry.name);
      for await (const found of walk(entry as FileSystemDirectoryEntry)) inside.push(found);
    } else if (file) given.files.push(file);
  }
  given.files.push(...importable(inside));
  return given;
}

/** The files of a folder that an import may want. */
async function* walk(folder: FileSystemDirectoryEntry): AsyncGenerator<File> {
  const reader = folder.createReader();
  for (;;) {
    // A hundred at a time, until there are none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (isHidden(entry.name)) continue;
      if (entry.isDirectory) yield* walk(entry as FileSystemDirectoryEntry);
      else if (isEventFile(entry.name) || isTable(entry.name)) yield fileOf(entry as FileSystemFileEntry);
    }
  }
}

/** As a chooser of folders gives it. */
async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return Object.defineProperty(file, "webkitRelativePath", {value: entry.fullPath.replace(/^\//, "")});
}
