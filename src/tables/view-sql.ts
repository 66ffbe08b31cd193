import {ParameterError} from "./errors.ts";
import {fragment, ident, SqlFragment} from "./sql-text.ts";
import type {Filter, Order, ViewColumn} from "./view-types.ts";

/** What a column's type lets one do with it. */
type ColumnFamily = "number" | "time" | "other";

/** The family of a type as DuckDB writes it. Times have a place on a calendar; a TIME of day is `other`. */
export function familyOf(type: string): ColumnFamily {
  if (/\[\d*\]$/.test(type)) return "other";
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\b.*)$/.test(type)) return "number";
  return /^(DATE$|TIMESTAMP)/.test(type) ? "time" : "other";
}

/** The column of that name. @throws ParameterError with the names there are. */
export function columnNamed(columns: readonly ViewColumn[], name: string): ViewColumn {
  const column = columns.find((column) => column.name === name);
  if (column) return column;
  throw new ParameterError(
    `There is no column ${JSON.stringify(name)}; there are ${columns.map(({name}) => name).join(", ")}.`
  );
}

/** A column's value as text, which is also how the values of most types are compared with text. */
function textOf({name, type}: ViewColumn): SqlFragment {
  return type === "VARCHAR" ? ident(name) : fragment`CAST(${ident(name)} AS VARCHAR)`;
}

/** A value to compare a column with: for times also milliseconds since the epoch. */
function comparable({type}: ViewColumn, value: unknown): unknown {
  if (familyOf(type) !== "time") return value;
  return typeof value === "number" || typeof value === "bigint" ? new Date(Number(value)) : value;
}

/** Text stands for a value of the column's own type, so that '2024-01-01' and '10' are compared as date and number. */
function bound(column: ViewColumn, value: unknown): SqlFragment {
  const given = comparable(column, value);
  if (typeof given !== "string" || column.type === "VARCHAR") return fragment`${given}`;
  // The type's name is DuckDB's own.
  return fragment`CAST(${given} AS ${new SqlFragment([column.type], [])})`;
}

/** Parts of SQL with something between them. */
function joined(parts: readonly SqlFragment[], between: string): SqlFragment {
  return new SqlFragment(["", ...parts.slice(1).map(() => between), ""], parts);
}

function isIn(column: ViewColumn, values: readonly unknown[]): SqlFragment {
  if (values.length === 0) return fragment`FALSE`;
  return fragment`(${joined(
    values.map((value) => equals(column, value, true)),
    " OR "
  )})`;
}

function equals(column: ViewColumn, value: unknown, isEqual: boolean): SqlFragment {
  const isText = typeof value === "string";
  const given = isText ? textOf(column) : ident(column.name);
  const other = isText ? value : comparable(column, value);
  return isEqual
    ? fragment`${given} IS NOT DISTINCT FROM ${other}`
    : fragment`${given} IS DISTINCT FROM ${other}`;
}

/** One condition in SQL. NULL equals NULL, and NaN equals NaN. */
function condition(filter: Filter, columns: readonly ViewColumn[]): SqlFragment {
  const column = columnNamed(columns, filter.column);
  const name = ident(column.name);
  switch (filter.op) {
    case "=":
    case "!=":
      return equals(column, filter.value, filter.op === "=");
    case "<":
      return fragment`${name} < ${bound(column, filter.value)}`;
    case "<=":
      return fragment`${name} <= ${bound(column, filter.value)}`;
    case ">":
      return fragment`${name} > ${bound(column, filter.value)}`;
    case ">=":
      return fragment`${name} >= ${bound(column, filter.value)}`;
    case "between":
      return fragment`${name} BETWEEN ${bound(column, filter.low)} AND ${bound(column, filter.high)}`;
    case "in":
      return isIn(column, filter.values);
    case "contains":
      return fragment`contains(lower(${textOf(column)}), lower(${filter.text}))`;
    case "null":
      return fragment`${name} IS NULL`;
    case "not null":
      return fragment`${name} IS NOT NULL`;
  }
}

/** WHERE and all conditions; nothing when there are none. */
export function whereClause(
  filters: readonly Filter[] | undefined,
  columns: readonly ViewColumn[]
): SqlFragment {
  const conditions = (filters ?? []).map((filter) => condition(filter, columns));
  if (conditions.length === 0) return fragment``;
  return fragment`WHERE ${joined(conditions, " AND ")}`;
}

/** ORDER BY with blanks (NULL and NaN) last in either direction, and rows that are equal in their own order. */
export function orderClause(
  orderBy: readonly Order[] | undefined,
  columns: readonly ViewColumn[]
): SqlFragment {
  const terms = (orderBy ?? []).map(({column, descending}) => {
    const {name, type} = columnNamed(columns, column);
    const value = /^(FLOAT|DOUBLE)$/.test(type) ? fragment`nullif(${ident(name)}, 'nan')` : ident(name);
    return descending ? fragment`${value} DESC NULLS LAST` : fragment`${value} ASC NULLS LAST`;
  });
  if (terms.length === 0) return fragment``;
  return fragment`ORDER BY ${joined(terms, ", ")}, rowid`;
}

/** The wanted columns by name, all of them when none are named. */
export function columnList(
  names: readonly string[] | undefined,
  columns: readonly ViewColumn[]
): SqlFragment {
  const wanted = names ? names.map((name) => columnNamed(columns, name)) : columns;
  return joined(
    wanted.map(({name}) => ident(name)),
    ", "
  );
}
