import type {ColumnKind} from "./source.ts";

const kinds: [RegExp, ColumnKind][] = [
  [/^(U?(BIG|HUGE|SMALL|TINY)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL.*)\[\d*\]$/, "list"],
  [/^LIST\((U?(BIG|HUGE|SMALL|TINY)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL.*)\)$/, "list"],
  [/\]$|^(LIST|STRUCT|MAP|UNION|BLOB|TIME$|INTERVAL)/, "other"],
  [/^(U?(BIG|HUGE|SMALL|TINY)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL)/, "number"],
  [/^(DATE|TIMESTAMP)/, "date"],
  [/^BOOL/, "boolean"]
];

/** What a column of a DuckDB type holds. */
export function sqlKind(type: string): ColumnKind {
  return kinds.find(([pattern]) => pattern.test(type.toUpperCase()))?.[1] ?? "text";
}
