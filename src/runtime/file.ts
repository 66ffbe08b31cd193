import {deserialize, serialize} from "@observablehq/notebook-kit";
import {
  cellText,
  type ScannedCell,
  type ScannedNotebook,
  sameCell,
  scanNotebook,
  spliceLines
} from "./file-scan.ts";
import type {Cell, Notebook} from "./types.ts";

/** A notebook file: its text and what it says. */
export interface NotebookFile {
  readonly text: string;
  readonly notebook: Notebook;
}

/** Reads a Notebook Kit 2 file. `parser` is a DOMParser (the page's own; jsdom's in Node). */
export function openNotebookFile(text: string, {parser}: {parser: DOMParser}): NotebookFile {
  return {text, notebook: deserialize(text, {parser})};
}

/** The text of a notebook that has no file yet. */
export function createNotebookFile(notebook: Notebook, {document}: {document: Document}): NotebookFile {
  return {text: serialize(notebook, {document}), notebook};
}

/**
 * The file with `notebook` written into it. Only what differs from the file changes: the text of other cells,
 * comments between cells and whatever follows `</notebook>` stay byte for byte. A file whose text does not have
 * the shape that is expected is written anew, in the kit's formatting.
 */
export function saveNotebookFile(
  file: NotebookFile,
  notebook: Notebook,
  {document}: {document: Document}
): NotebookFile {
  if (sameNotebook(file.notebook, notebook)) return {text: file.text, notebook};
  const scan = scanNotebook(file.text, file.notebook);
  const write = (part: Notebook) => serialize(part, {document});
  const text = scan ? splice(file, scan, notebook, write) : write(notebook) + tailOf(file.text);
  return {text, notebook};
}

type Write = (notebook: Notebook) => string;

function splice(file: NotebookFile, scan: ScannedNotebook, notebook: Notebook, write: Write): string {
  const eol = /\r\n/.test(file.text) ? "\r\n" : "\n";
  const native = (text: string) => (eol === "\n" ? text : text.replace(/\r?\n/g, eol));
  const scanned = new Map(scan.cells.map((cell) => [cell.cell.id, cell]));
  const order = (cells: readonly Cell[]) => cells.map((cell) => cell.id).join();
  const reordered = order(file.notebook.cells) !== order(notebook.cells);
  const cells = notebook.cells.map((cell) => {
    const old = scanned.get(cell.id);
    const fresh = () => native(cellText(write({...notebook, cells: [cell]})));
    if (!old) return `${eol}  ${fresh()}`;
    return old.gap + updateCell(old, cell, fresh, reordered);
  });
  return updateHead(scan.head, file.notebook, notebook, write) + cells.join("") + scan.tail;
}

/** Keeps the whole element, or its opening tag, when it still says the same. */
function updateCell(old: ScannedCell, cell: Cell, fresh: () => string, reordered: boolean): string {
  // Without an id of its own an element is numbered by its place, so a new order must write the ids down.
  if (reordered && !old.hasId) return fresh();
  if (sameCell(old.cell, cell)) return old.open + old.content + old.close;
  if (!sameCell({...old.cell, value: cell.value}, cell)) return fresh();
  const text = fresh();
  const start = text.indexOf(">") + 1;
  const content = text.slice(start, text.lastIndexOf("</script"));
  return old.open + spliceLines(old, content, cell.value) + old.close;
}

function updateHead(head: string, from: Notebook, to: Notebook, write: Write): string {
  const whole = write({...to, cells: []});
  if (JSON.stringify(from.theme) !== JSON.stringify(to.theme) || from.readOnly !== to.readOnly) {
    const tag = /<notebook[^>]*>/.exec(whole)?.[0] ?? "<notebook>";
    head = head.replace(/<notebook[^>]*>/i, () => tag);
  }
  if (from.title === to.title) return head;
  const title = /<title>[\s\S]*?<\/title>/.exec(whole)?.[0] ?? "";
  if (/<title[^>]*>[\s\S]*?<\/title\s*>/i.test(head)) {
    return head.replace(/<title[^>]*>[\s\S]*?<\/title\s*>/i, () => title);
  }
  return head.replace(/<notebook[^>]*>/i, (tag) => `${tag}\n  ${title}`);
}

function tailOf(text: string): string {
  const end = /<\/notebook\s*>\s?/gi;
  let tail = "";
  for (let match = end.exec(text); match; match = end.exec(text)) tail = text.slice(end.lastIndex);
  return tail;
}

function sameNotebook(a: Notebook, b: Notebook): boolean {
  return (
    a.title === b.title &&
    JSON.stringify(a.theme) === JSON.stringify(b.theme) &&
    a.readOnly === b.readOnly &&
    a.cells.length === b.cells.length &&
    a.cells.every((cell, i) => sameCell(cell, b.cells[i]))
  );
}
