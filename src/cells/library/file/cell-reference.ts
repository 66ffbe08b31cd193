/** A corner of a range, zero-based; undefined where it is open. */
export interface CellReference {
  column: number | undefined;
  row: number | undefined;
}

/** Zero-based column index -> letters: 0 is A, 25 is Z, 26 is AA. */
export function toColumn(index: number): string {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

/** "B7" -> column 1, row 6; "B" and "7" leave the other undefined. */
export function parseReference(text: string): CellReference {
  const [, letters = "", digits = ""] = /^([A-Z]*)(\d*)$/.exec(text) ?? [];
  const column = Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return {column: letters ? column - 1 : undefined, row: digits ? Number(digits) - 1 : undefined};
}

export function parseRange(range: string): [CellReference, CellReference] {
  const match = /^([A-Z]*\d*):([A-Z]*\d*)$/.exec(range);
  if (!match) throw new RangeError(`“${range}” is not a range; write it like A1:C9, B:D or 3:`);
  return [parseReference(match[1] ?? ""), parseReference(match[2] ?? "")];
}
