import type {LoadArrow} from "./file-source.ts";
import {NotebookFile} from "./notebook-file.ts";

/** A file that a notebook names and that is not beside it. */
export class FileNotFoundError extends Error {
  override name = "FileNotFoundError";
}

export interface FileAttachmentOptions {
  /** The notebook's own address: names are relative to it. */
  baseUrl: () => string;
  arrow: LoadArrow;
  fetch?: typeof fetch;
}

async function fetchFile(name: string, href: string, get: typeof fetch): Promise<Response> {
  const response = await get(href).catch((error: unknown) => {
    throw new FileNotFoundError(`the file “${name}” could not be fetched from ${href}: ${error}`);
  });
  if (response.ok) return response;
  throw new FileNotFoundError(
    `the file “${name}” was expected at ${href}, which answered ${response.status}; put it beside the notebook`
  );
}

/** The builtin `FileAttachment(name)`; the same name gives the same object, as in Observable. */
export function fileAttachments({
  baseUrl,
  arrow,
  fetch: get = (...request) => fetch(...request)
}: FileAttachmentOptions) {
  const files = new Map<string, NotebookFile>();
  function FileAttachment(name: string | URL): NotebookFile {
    const {href} = new URL(name, baseUrl());
    let file = files.get(href);
    if (!file) {
      const shown = `${name}`.split("/").pop() ?? "";
      file = new NotebookFile({
        name: shown,
        arrow,
        open: () => fetchFile(shown, href, get),
        url: () => Promise.resolve(href)
      });
      files.set(href, file);
    }
    return file;
  }
  // `x instanceof FileAttachment` is how libraries tell a file from a string.
  FileAttachment.prototype = NotebookFile.prototype;
  return FileAttachment;
}
