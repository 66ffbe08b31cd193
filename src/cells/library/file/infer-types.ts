type Row = Record<string, unknown>;

/** ISO dates (with years of six digits) and MM/DD/YY(YY), each with an optional time and zone. */
const DATE =
  /^(?:(?:[-+]\d{2})?\d{4}-\d{2}-\d{2}|\d{1,2}\/\d{1,2}\/\d{2,4})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?(?:Z|[-+]\d{2}:\d{2})?)?$/;

/** Enough to tell a column's type, few enough for a table of millions. */
const SAMPLE_ROWS = 100;

/** The share of a column's sampled values that must agree on a type. */
const AGREEMENT = 0.9;

function toBoolean(text: string): boolean | null | undefined {
  const word = text.trim().toLowerCase();
  if (word === "true") return true;
  if (word === "false") return false;
  return word ? undefined : null;
}

function toNumber(text: string): number {
  const word = text.trim();
  return word ? Number(word) : Number.NaN;
}

function toDate(text: string): Date | null {
  const word = text.trim();
  return word ? new Date(DATE.test(word) ? word : Number.NaN) : null;
}

/** In order of preference where two types fit equally well. */
const TYPES: {accepts: (text: string) => boolean; coerce: (text: string) => unknown}[] = [
  {accepts: (text) => /^(true|false)$/i.test(text), coerce: toBoolean},
  {accepts: (text) => !Number.isNaN(Number(text)), coerce: toNumber},
  {accepts: (text) => DATE.test(text), coerce: toDate}
];

function coercionFor(texts: string[]): ((text: string) => unknown) | undefined {
  const counts = TYPES.map(() => 0);
  for (const text of texts) {
    const type = TYPES.findIndex(({accepts}) => accepts(text));
    if (type >= 0) counts[type] = (counts[type] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  if (most < Math.max(1, Math.ceil(texts.length * AGREEMENT))) return undefined;
  return TYPES[counts.indexOf(most)]?.coerce;
}

/**
 * Turns the strings of parsed delimited text into booleans, numbers and dates, a type a column:
 * the type that at least nine tenths of the column's first values fit. Changes the rows in place.
 */
export function inferTypes<T extends Row[]>(rows: T, columns: readonly string[]): T {
  const sample = rows.slice(0, SAMPLE_ROWS);
  for (const column of columns) {
    const texts = sample.map((row) => String(row[column] ?? "").trim()).filter((text) => text !== "");
    const coerce = coercionFor(texts);
    if (!coerce) continue;
    for (const row of rows) row[column] = coerce(String(row[column] ?? ""));
  }
  return rows;
}
