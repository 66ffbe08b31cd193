import {fragment, ident, type SqlFragment, type SqlText, sqlTemplate} from "./sql-text.ts";
import {columnNamed, familyOf, whereClause} from "./view-sql.ts";
import type {ColumnSummary, Filter, ViewColumn} from "./view-types.ts";

/** Bins of a histogram. */
const bins = 24;

/** How many frequent values are told. */
const mostTop = 12;

/** With more distinct values than this no value is frequent, and counting them all would take long. */
const mostDistinct = 200_000;

type Row = Record<string, unknown>;

/** What a summary reads: rows of SQL about the table. */
export interface Summarised {
  table: SqlFragment;
  columns: readonly ViewColumn[];
  ask(sql: SqlText): Promise<Row[]>;
}

/** A column as a number: of a time the milliseconds since the epoch. */
function numberOf({name, type}: ViewColumn): SqlFragment {
  return familyOf(type) === "time"
    ? fragment`CAST(epoch_ms(CAST(${ident(name)} AS TIMESTAMP)) AS DOUBLE)`
    : fragment`CAST(${ident(name)} AS DOUBLE)`;
}

const sql = (strings: TemplateStringsArray, ...values: unknown[]) => sqlTemplate(strings, values);

async function numbers(
  {table, ask}: Summarised,
  column: ViewColumn,
  where: SqlFragment
): Promise<ColumnSummary> {
  const source = fragment`(SELECT ${numberOf(column)} AS x FROM ${table} ${where})`;
  const [all] = await ask(sql`SELECT count(*) AS "rows", count(*) - count(x) AS nulls,
    approx_count_distinct(x) AS "distinct", count(*) FILTER (isnan(x)) AS nans,
    min(x) FILTER (isfinite(x)) AS low, max(x) FILTER (isfinite(x)) AS high FROM ${source}`);
  const summary = {rows: Number(all.rows), nulls: Number(all.nulls), distinct: Number(all.distinct)};
  if (all.low === null) return summary;
  const [low, high] = [Number(all.low), Number(all.high)];
  const counts = new Array<number>(high > low ? bins : 1).fill(0);
  // Halves: the whole span of two finite numbers may be infinite.
  const place =
    high > low
      ? fragment`least(${bins - 1}, floor((x / 2 - ${low / 2}) / ${high / 2 - low / 2} * ${bins}))`
      : fragment`0`;
  const filled = await ask(
    sql`SELECT CAST(${place} AS INTEGER) AS bin, count(*) AS n FROM ${source} WHERE isfinite(x) GROUP BY 1`
  );
  for (const {bin, n} of filled) counts[Number(bin)] = Number(n);
  return {...summary, histogram: {low, high, counts, nans: Number(all.nans)}};
}

async function words(
  {table, ask}: Summarised,
  {name}: ViewColumn,
  where: SqlFragment
): Promise<ColumnSummary> {
  const column = ident(name);
  const [all] = await ask(sql`SELECT count(*) AS "rows", count(*) - count(${column}) AS nulls,
    approx_count_distinct(${column}) AS "distinct" FROM ${table} ${where}`);
  const summary = {rows: Number(all.rows), nulls: Number(all.nulls), distinct: Number(all.distinct)};
  if (summary.distinct > mostDistinct) return {...summary, top: []};
  const top = await ask(sql`SELECT CAST(value AS VARCHAR) AS value, n FROM (
    SELECT ${column} AS value, count(*) AS n FROM ${table} ${where} GROUP BY 1)
    WHERE value IS NOT NULL ORDER BY n DESC, 1 LIMIT ${mostTop}`);
  return {...summary, top: top.map(({value, n}) => ({value: String(value), count: Number(n)}))};
}

/** What the head of a column draws, over the rows that satisfy the conditions. */
export function summarizeColumn(
  source: Summarised,
  name: string,
  filters: readonly Filter[] | undefined
): Promise<ColumnSummary> {
  const column = columnNamed(source.columns, name);
  const where = whereClause(filters, source.columns);
  const family = familyOf(column.type);
  return family === "number" || family === "time"
    ? numbers(source, column, where)
    : words(source, column, where);
}
