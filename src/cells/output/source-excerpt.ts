/** One line of a source to show under an error. */
export interface SourceExcerpt {
  line: number;
  text: string;
  /** Columns to underline, from 0, or null where only the line is known. */
  underline: {from: number; length: number} | null;
}

/** The line an error points at; null when the source has no such line. Tabs become two spaces so that columns hold. */
export function sourceExcerpt(
  source: string,
  line: number | undefined,
  column?: number
): SourceExcerpt | null {
  if (!line) return null;
  const raw = source.split(/\r?\n/)[line - 1];
  if (raw === undefined || !raw.trim()) return null;
  const indent = raw.length - raw.trimStart().length;
  const text = raw.trim().replaceAll("\t", "  ");
  if (column === undefined) return {line, text, underline: null};
  const from = Math.max(0, Math.min(column - 1 - indent, text.length));
  const length = /^[\p{L}\p{N}_$.]+/u.exec(text.slice(from))?.[0].length ?? 1;
  return {line, text, underline: {from, length}};
}
