import type {Cell, Notebook} from "./types.ts";

/** One `<script>` element of a notebook file, in the pieces it is written in. */
export interface ScannedCell {
  cell: Cell;
  /** The text between the element before and this one. */
  gap: string;
  open: string;
  content: string;
  close: string;
  /** Whether the element says the id itself. */
  hasId: boolean;
}

/** A notebook file cut in pieces; `head + cells + tail` is the file. */
export interface ScannedNotebook {
  /** Everything before the first cell's gap: the doctype, the notebook's tag, the title. */
  head: string;
  cells: ScannedCell[];
  /** Everything after the last cell, with `</notebook>` and what follows it. */
  tail: string;
}

/**
 * Cuts a file at its cells. Null when the pieces do not agree with what the HTML parser read (comments that hide
 * elements, scripts inside scripts, several notebooks): then nothing may be spliced.
 */
export function scanNotebook(text: string, notebook: Notebook): ScannedNotebook | null {
  const start = /<notebook[^>]*>/i.exec(text);
  const end = text.search(/<\/notebook\s*>/i);
  if (!start || end < 0) return null;
  const headEnd = headLength(text, start.index + start[0].length);
  const cells: ScannedCell[] = [];
  const element = /(<script(?:\s(?:[^>"']|"[^"]*"|'[^']*')*)?>)([\s\S]*?)(<\/script\s*>)/gi;
  let index = headEnd;
  element.lastIndex = headEnd;
  for (let match = element.exec(text); match; match = element.exec(text)) {
    const cell = notebook.cells[cells.length];
    const gap = text.slice(index, match.index);
    if (/<\/notebook\s*>/i.test(gap)) break;
    const [all, open, content, close] = match;
    if (!cell || gap.trim().startsWith("<!--") !== gap.trim().endsWith("-->")) return null;
    if (contentValue(content) !== cell.value) return null;
    const id = /\sid\s*=\s*["']?([^"'\s>]*)/i.exec(open)?.[1];
    if (id !== undefined && id !== String(cell.id)) return null;
    cells.push({cell, gap, open, content, close, hasId: id !== undefined});
    index = match.index + all.length;
  }
  if (cells.length !== notebook.cells.length) return null;
  return {head: text.slice(0, headEnd), cells, tail: text.slice(index)};
}

/** The text of the only cell of a serialized notebook. */
export function cellText(text: string): string {
  return text.slice(text.indexOf("<script"), text.lastIndexOf("</script>") + "</script>".length);
}

/** The new content of a cell, with the lines above and below the change as they were written before. */
export function spliceLines({content: old, cell}: ScannedCell, content: string, value: string): string {
  const [from, to] = [old.split(/(?<=\n)/), content.split(/(?<=\n)/)];
  const [before, after] = [cell.value.split("\n"), value.split("\n")];
  // A line of content for each of the value, and one around them: else nothing is known of which is which.
  if (from.length !== before.length + 2 || to.length !== after.length + 2) return content;
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const middle = to.slice(1 + head, 1 + after.length - tail);
  return [...from.slice(0, 1 + head), ...middle, ...from.slice(1 + before.length - tail)].join("");
}

const FIELDS = ["id", "value", "mode", "pinned", "hidden", "output", "format", "database"] as const;

/** Whether two cells are written the same way. */
export function sameCell(a: Cell, b: Cell): boolean {
  return a === b || FIELDS.every((name) => a[name] === b[name]);
}

/** Where the head ends: behind the title, when it stands before the cells. */
function headLength(text: string, from: number): number {
  const title = /^(?:\s|<!--[\s\S]*?-->)*<title[^>]*>[\s\S]*?<\/title\s*>/i.exec(text.slice(from));
  return from + (title ? title[0].length : 0);
}

/** What the kit reads as a cell's value from the text of its element. */
function contentValue(content: string): string {
  const lines = content.replace(/<\\(?=\\*\/script(\s|>))/gi, "<").split(/\r\n?|\n/);
  if (/^\s*$/.test(lines[lines.length - 1])) lines.pop();
  if (lines.length > 0 && /^\s*$/.test(lines[0])) lines.shift();
  return lines.map((line) => line.replace(/^ {4}/, "")).join("\n");
}
