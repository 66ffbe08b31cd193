import {type Column, type Columns, type TableName, tables} from "./schema.ts";

/** The names of the tables, in the order they are made. */
export const tableNames = Object.keys(tables) as TableName[];

/** The columns that tell a table's rows apart; none where every row counts. */
export function keyColumns(table: TableName): string[] {
  const columns: Columns = tables[table];
  return Object.keys(columns).filter((name) => columns[name].key);
}

function createColumn([name, {type, nullable, oneOf}]: [string, Column]): string {
  const check = oneOf ? ` CHECK (${name} IN (${oneOf.map((word) => `'${word}'`).join(", ")}))` : "";
  return `  "${name}" ${type}${nullable ? "" : " NOT NULL"}${check}`;
}

function createTable(name: TableName): string {
  const keys = keyColumns(name);
  const columns = Object.entries(tables[name]).map(createColumn);
  if (keys.length > 0) columns.push(`  PRIMARY KEY (${keys.join(", ")})`);
  return `CREATE TABLE ${name} (\n${columns.join(",\n")}\n)`;
}

/** The statements that make an empty store, in order. */
export function createStatements(): string[] {
  return tableNames.map(createTable);
}
