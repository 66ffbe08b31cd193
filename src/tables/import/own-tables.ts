import type {ImportedRows} from "../import-types.ts";
import {type Column, type Columns, type Row, tables} from "../schema.ts";
import {cellNumber, cellText, cellTime, isMissing} from "./cells.ts";
import type {ColumnTable} from "./columns.ts";
import {ImportError} from "./import-error.ts";

/** Tables of this store that an export writes as files, and the columns by which they are known. */
const marks = {
  experiments: ["experiment_id", "name", "lifecycle_stage"],
  runs: ["run_id", "experiment_id", "status", "mlflow_status"],
  params: ["run_id", "key", "value_str", "value_type"],
  metric_defs: ["experiment_id", "key", "goal", "step_key"]
} as const;

export type OwnTable = keyof typeof marks;

/** Which of this store's tables it is, null for metrics and for tables of others. */
export function ownTable({columns}: ColumnTable): OwnTable | null {
  const fits = (name: OwnTable) => marks[name].every((column) => columns.has(column));
  return (["runs", "params", "metric_defs", "experiments"] as const).find(fits) ?? null;
}

function toMap(cell: unknown): ReadonlyMap<string, string> {
  if (isMissing(cell)) return new Map();
  const value: unknown = typeof cell === "string" ? JSON.parse(cell) : cell;
  return value instanceof Map ? value : new Map(Object.entries(value as Record<string, string>));
}

function convert(cell: unknown, {type, nullable}: Column): unknown {
  if (type === "MAP(VARCHAR, VARCHAR)") return toMap(cell);
  if (type === "VARCHAR") {
    if (cell === null || cell === undefined) return nullable ? null : "";
    return cell === "" && nullable ? null : cellText(cell);
  }
  if (isMissing(cell)) return nullable ? null : undefined;
  if (type === "TIMESTAMP_MS") {
    const time = cellTime(cell);
    return time === null ? undefined : new Date(time);
  }
  return cellNumber(cell);
}

/** The rows of a file that is one of this store's tables. @throws ImportError where a value does not fit. */
export function readOwnTable<T extends OwnTable>(name: T, table: ColumnTable): Row<T>[] {
  const described = Object.entries(tables[name] as Columns);
  return Array.from({length: table.rows}, (_, row) => {
    const entries = described.map(([column, about]) => {
      const cell = table.columns.get(column)?.[row];
      const value = convert(cell, about);
      if (value === undefined || (about.oneOf && value !== null && !about.oneOf.includes(String(value)))) {
        const expected = about.oneOf ? about.oneOf.join(", ") : about.type;
        throw new ImportError(
          `${table.file.name}, row ${row + 2}, column ${column}: expected ${expected}, found “${String(cell)}”.`
        );
      }
      return [column, value] as const;
    });
    return Object.fromEntries(entries) as Row<T>;
  });
}

/** The field of a piece of an import that rows of that table go into. */
export function asImported(name: OwnTable, table: ColumnTable): ImportedRows {
  switch (name) {
    case "experiments":
      return {experiments: readOwnTable(name, table)};
    case "runs":
      return {runs: readOwnTable(name, table)};
    case "params":
      return {params: readOwnTable(name, table)};
    case "metric_defs":
      return {metricDefs: readOwnTable(name, table)};
  }
}
