import {freeName, nameFromTitle} from "../../runtime/storage/names.ts";
import {summarize} from "../../runtime/storage/summary.ts";
import type {NotebookStorage} from "../../runtime/storage/types.ts";

const BLANK = `<!doctype html>
<notebook theme="air">
  <title>Untitled</title>
  <script id="1" type="text/markdown">
    # Untitled
  </script>
  <script id="2" type="module" pinned="">
  </script>
</notebook>
`;

/** A file that is no notebook. */
export class ImportError extends Error {
  override name = "ImportError";
}

/** Stores an empty notebook under the first free name and answers the name. */
export async function createNotebook(storage: NotebookStorage): Promise<string> {
  return store(storage, "untitled", BLANK);
}

/** Stores a notebook's text as a new notebook, named after its file or its title. @throws ImportError */
export async function importNotebook(
  storage: NotebookStorage,
  fileName: string,
  text: string
): Promise<string> {
  if (!/<notebook[\s>]/i.test(text))
    throw new ImportError(
      `${fileName} holds no <notebook> element. Petri opens Observable Notebook Kit files (.html); this is something else.`
    );
  const stem = nameFromTitle(fileName.replace(/\.html?$/i, ""));
  return store(storage, stem === "untitled" ? nameFromTitle(summarize(text).title) : stem, text);
}

async function store(storage: NotebookStorage, wish: string, text: string): Promise<string> {
  const taken = (await storage.list()).map((entry) => entry.name);
  const name = freeName(wish, taken);
  await storage.write(name, text, {version: null});
  return name;
}
