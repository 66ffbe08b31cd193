import {MissingDataError} from "../dataset-error.ts";
import {openSource, type StoredFile} from "../source.ts";

/** A folder: its path in the notebooks' folder, or one the reader of the page has picked. */
export type Folder = string | FileSystemDirectoryHandle;

/** Opens a file of a folder, packed ("name.gz") or not. @throws MissingDataError with what was looked for. */
export async function openInFolder(folder: Folder, name: string): Promise<StoredFile> {
  const open = (file: string) =>
    typeof folder === "string" ? openSource(`${folder}/${file}`) : openHandle(folder, file);
  try {
    return await open(`${name}.gz`);
  } catch (error) {
    if (!(error instanceof MissingDataError)) throw error;
  }
  return open(name);
}

async function openHandle(folder: FileSystemDirectoryHandle, name: string): Promise<StoredFile> {
  const handle = await folder.getFileHandle(name).catch((cause: unknown) => {
    const isRefused = cause instanceof Error && cause.name === "NotAllowedError";
    throw new MissingDataError(
      isRefused
        ? `The folder ${folder.name} may not be read: ${cause.message} Pick it again.`
        : `The folder ${folder.name} has no file ${name}.`,
      {cause}
    );
  });
  return openSource(handle);
}
