/** A cell of a page that is written by us. */
export interface PageCell {
  type: "text/markdown" | "module";
  source: string;
}

/** The file of a notebook with these cells, as Notebook Kit writes it; the code of JavaScript cells is shown. */
export function notebookText(title: string, cells: readonly PageCell[]): string {
  const scripts = cells.map(({type, source}, i) => {
    const shown = type === "module" ? " pinned" : "";
    const lines = source.replace(/<(?=\\*\/script[\s>])/gi, "<\\").replace(/^/gm, "    ");
    return `  <script id="${i + 1}" type="${type}"${shown}>\n${lines}\n  </script>`;
  });
  return `<!doctype html>\n<notebook theme="air">\n  <title>${title}</title>\n${scripts.join("\n")}\n</notebook>\n`;
}
