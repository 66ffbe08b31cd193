import {SqlError} from "./errors.ts";
import type {SqlText} from "./sql-text.ts";

/** What DuckDB says of an error when `errors_as_json` is on. */
interface Report {
  exception_type: string;
  exception_message: string;
  /** Offset in bytes, as text. */
  position?: string;
}

function parse(message: string): Report | null {
  if (!message.startsWith("{")) return null;
  try {
    const report: Report = JSON.parse(message);
    // A parser error comes packed in another one.
    const inner = parse(report.exception_message);
    return inner ? {position: report.position, ...inner} : report;
  } catch {
    return null;
  }
}

const hints: [RegExp, string][] = [
  [
    /configuration has been locked|operations are disabled by configuration|disabled through configuration/i,
    "The notebook comes from an address and is not trusted: its SQL reaches no files, addresses, extensions or settings. Save a copy of your own to run it freely."
  ],
  [
    /extension.*\bparquet\b/is,
    'Parquet is read outside DuckDB: `db2 = DuckDBClient.of({rows: FileAttachment("file.parquet")})`.'
  ],
  [
    /extension.*\bicu\b/is,
    "Time zones are not available: cast to TIMESTAMP (UTC) first, as in date_trunc('day', now()::TIMESTAMP)."
  ],
  [
    /extension.*\bjson\b/is,
    "The type JSON is not available: parse in JavaScript and bind the result, or use structs and lists."
  ],
  [/extension/i, "DuckDB's extensions are downloads and are not shipped, so that everything works offline."],
  [
    /No files found that match the pattern/i,
    'Give the file to a client of its own: db2 = DuckDBClient.of({t: FileAttachment("t.csv")}), then ask it: SELECT * FROM t.'
  ],
  [/^no statements$/i, "Write a statement, as in SELECT * FROM runs."]
];

const tableHint =
  "A value is no table: its name goes through db.ident(name), and rows become a table with DuckDBClient.of({t: rows}).";

/** What to do about a message; a file is called as it was in the SQL. */
function hintFor(message: string, sql: SqlText): string | undefined {
  if (/Parser/.test(message) && sql.hasValueForTable) return tableHint;
  const hint = hints.find(([pattern]) => pattern.test(message))?.[1];
  const file = /No files found that match the pattern \\?"([^"\\]+)/.exec(message)?.[1];
  return file ? hint?.replace("t.csv", file) : hint;
}

function words(message: string): string {
  if (message === "no statements") return "The SQL is empty.";
  return message.replace(/\nExtension "[^"]*" could not be loaded because[\s\S]*$/, "");
}

/** DuckDB's error as ours: its kind and message, the place in the SQL as it was written, and what to do. */
export function toSqlError(cause: unknown, sql: SqlText): SqlError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const report = parse(message);
  const error = new SqlError(
    report ? `${report.exception_type} Error: ${words(report.exception_message)}` : words(message),
    {cause}
  );
  const place = report?.position === undefined ? null : sql.locate(Number(report.position));
  if (place) Object.assign(error, place);
  error.hint = hintFor(message, sql);
  return error;
}
