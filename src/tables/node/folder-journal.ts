import {LocalJournal} from "../journal/local-journal.ts";
import type {Journal} from "../journal/types.ts";
import {NodeFiles} from "./node-files.ts";

/**
 * The journal in a folder on disk, in the format that browsers keep. It must be open only once at any time.
 * @throws whatever the file system says when the folder cannot be read or made.
 */
export function openFolderJournal(path: string): Promise<Journal> {
  return new LocalJournal(new NodeFiles(path), {role: "leader"}).ready();
}
