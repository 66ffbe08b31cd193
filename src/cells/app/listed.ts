import type {NotebookEntry} from "../../runtime/storage/types.ts";

/** The folder that a notebook is the index of, with its slash; empty for other notebooks. */
const folderOf = ({name}: NotebookEntry): string => /^(.*\/)index$/.exec(name)?.[1] ?? "";

/** What the home page lists: single notebooks, then folders that have an index, each as that one notebook, which leads to the others. */
export function listed(entries: readonly NotebookEntry[]): NotebookEntry[] {
  const folders = entries.map(folderOf).filter(Boolean);
  const hasIndex = ({name}: NotebookEntry, own = "") =>
    folders.some((folder) => folder !== own && name.startsWith(folder));
  const single = entries.filter((entry) => !hasIndex(entry));
  const indexes = entries.filter((entry) => folderOf(entry) && !hasIndex(entry, folderOf(entry)));
  return [...single, ...indexes];
}
