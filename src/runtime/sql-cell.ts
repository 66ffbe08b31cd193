import {parseTemplate, transpileTemplate} from "@observablehq/notebook-kit";
import type {TemplateLiteral} from "acorn";
import {normaliseFunction} from "./normalise.ts";
import {type SqlReferences, sqlReferences} from "./sql-references.ts";
import {HOLE, sqlTokens} from "./sql-tokens.ts";
import type {Cell} from "./types.ts";

/** The builtin that shows a query's result. */
export const GRID = "__grid";

/** The variable whose tables a SQL cell reads; null when its database is not a variable. */
export function databaseOf(cell: Cell): string | null {
  const {database = "var:db"} = cell;
  return database.startsWith("var:") ? database.slice("var:".length) : null;
}

/** A query that is only looked at: clients that can (`show`) keep a large result and hand out windows of it. */
function shownOnly(query: string, cell: Cell): string {
  const client = databaseOf(cell);
  if (client === null || cell.output !== undefined) return query;
  return `${client}[${client}.show ? "show" : "sql"]${query.slice(`${client}.sql`.length)}`;
}

/** The JavaScript expression of a SQL cell: the query, and its grid unless the cell is hidden. */
export function sqlExpression(cell: Cell): string {
  const query = transpileTemplate({...cell, hidden: true});
  return cell.hidden || !cell.value.trim() ? query : `${shownOnly(query, cell)}.then(${GRID})`;
}

/** The tables of a query with `${...}` in it. */
export function templateReferences(quasis: readonly string[]): SqlReferences {
  return sqlReferences(quasis.join(HOLE));
}

/** The pieces of SQL around the `${...}` of a cell. */
export function sqlQuasis(value: string): string[] {
  if (!value) return [];
  const template = parseTemplate(value) as unknown as TemplateLiteral;
  return template.quasis.map((quasi) => value.slice(quasi.start, quasi.end));
}

/** The same text for queries that differ only in comments and blanks, outside and inside of their `${...}`. */
export function normaliseSql(value: string): string {
  if (!value) return "";
  const {expressions} = parseTemplate(value) as unknown as TemplateLiteral;
  const code = expressions.map(({start, end}) => `(${value.slice(start, end)}\n)`).join();
  const tokens = sqlTokens(sqlQuasis(value).join(HOLE)).map(({type, text}) =>
    type === "quoted" ? JSON.stringify(text) : text
  );
  return `${tokens.join(" ")} ${normaliseFunction(`async () => [${code}]`)}`;
}
