import {tableNames} from "./ddl.ts";
import {SqlError} from "./errors.ts";
import {relations} from "./macros.ts";
import type {SqlText} from "./sql-text.ts";
import {type Statement, statements} from "./statements.ts";

const namesOf = (isView: boolean) =>
  relations.filter(({kind}) => (kind === "view") === isView).map(({name}) => name.toLowerCase());
const tables: ReadonlySet<string> = new Set([...tableNames, ...namesOf(true)]);
const macros: ReadonlySet<string> = new Set(namesOf(false));
const names = [...tables, ...macros];

/** Words between a verb and the name of what it changes. */
const fillers: ReadonlySet<string> = new Set(
  "OR REPLACE IGNORE INTO FROM TABLE VIEW MACRO FUNCTION IF NOT EXISTS ONLY".split(" ")
);

/** Where the name of what a statement changes begins; null when it only reads. */
function targetIndex(statement: Statement): number | null {
  const start = statement.verbIndex;
  let i = start + 1;
  switch (statement.word(start)) {
    case "CREATE": {
      const on = statement.find(i, ["ON", "AS"]);
      if (["INDEX", "UNIQUE"].includes(statement.word(i))) return on + 1;
      // Without OR REPLACE a name that is taken is DuckDB's own error.
      if (statement.word(i) !== "OR") return null;
      break;
    }
    case "COPY":
      return statement.find(i, ["FROM"]) < statement.find(i, ["TO"]) ? i : null;
    case "DROP":
    case "ALTER":
    case "TRUNCATE":
    case "INSERT":
    case "UPDATE":
    case "DELETE":
    case "MERGE":
      break;
    default:
      return null;
  }
  while (fillers.has(statement.word(i))) i++;
  return i;
}

/** The parts of a name with dots, in lower case. */
function nameAt(statement: Statement, index: number): string[] {
  const parts: string[] = [];
  for (let i = index; statement.tokens[i]; i += 2) {
    parts.push(statement.tokens[i].text.toLowerCase());
    if (statement.word(i + 1) !== ".") break;
  }
  return parts;
}

function isStore(name: string[], isMacro: boolean, isOwn: boolean): boolean {
  const path = name.slice(0, -1).join(".");
  const paths = isOwn ? ["", "main", "memory", "memory.main"] : ["memory", "memory.main"];
  return (isMacro ? macros : tables).has(name[name.length - 1]) && paths.includes(path);
}

/**
 * Refuses to change how many threads there are: in a page they cannot end, and DuckDB would wait for that for ever.
 * @throws SqlError
 */
export function guardThreads({text}: SqlText): void {
  if (!/threads/i.test(text)) return;
  for (const statement of statements(text)) {
    const isSetting = ["SET", "RESET", "PRAGMA"].includes(statement.word(0));
    if (!isSetting || !statement.tokens.slice(1, 4).some(({text}) => /threads$/i.test(text))) continue;
    throw Object.assign(new SqlError("How many threads DuckDB has is settled when it starts."), {
      hint: "Where the page is isolated it has one less than the machine has cores, up to five; else one."
    });
  }
}

/** The line and column of a place in the text of SQL, in characters. */
const placeOf = (sql: SqlText, index: number) =>
  sql.locate(new TextEncoder().encode(sql.text.slice(0, index)).length);

/**
 * Refuses to write files: DuckDB's are in its memory, where nobody finds them.
 * @throws SqlError
 */
export function guardFiles(sql: SqlText): void {
  const {text} = sql;
  if (!/\b(copy|export)\b/i.test(text)) return;
  for (const statement of statements(text)) {
    const {verb, verbIndex} = statement;
    const isBetweenDatabases = statement.word(verbIndex + 1) === "FROM";
    const isCopy = verb === "COPY" && !isBetweenDatabases && targetIndex(statement) === null;
    if (!isCopy && (verb !== "EXPORT" || statement.word(verbIndex + 1) !== "DATABASE")) continue;
    const what = isCopy ? "COPY ... TO" : "EXPORT DATABASE";
    throw Object.assign(new SqlError(`${what} writes files, of which a page has none.`), {
      ...placeOf(sql, statement.tokens[verbIndex].index),
      hint: 'Show the query as a table and save it with the buttons CSV or Parquet under it, or save runs with workspace.export("csv").'
    });
  }
}

/** Refuses to let go of the database that the store is in: nothing would find its tables again. */
function guardDatabase(text: string): void {
  for (const statement of statements(text)) {
    if (statement.word(0) !== "DETACH") continue;
    if (!statement.tokens.some(({text: name}) => name.toLowerCase() === "memory")) continue;
    throw Object.assign(new SqlError("memory is the database of the store, which stays."), {
      hint: "DETACH takes databases that you have attached."
    });
  }
}

/** Statements after which a bare name may mean any database's table. */
const moves: ReadonlySet<string> = new Set(["USE", "SET", "RESET", "PRAGMA"]);

/**
 * Refuses statements that change the tables, views and macros of the experiment store, which only the page writes.
 * `isOwn` tells whether a bare name means a table of the store, or one of a client with tables of its own.
 * @throws SqlError with the place of the name.
 */
export function guardStore(sql: SqlText, isOwn: boolean): void {
  const {text} = sql;
  const lower = text.toLowerCase();
  if (lower.includes("detach")) guardDatabase(text);
  if (!names.some((name) => lower.includes(name))) return;
  let isStoreNear = isOwn;
  for (const statement of statements(text)) {
    if (moves.has(statement.word(0))) isStoreNear = true;
    const index = targetIndex(statement);
    if (index === null) continue;
    const isMacro = statement.find(statement.verbIndex, ["MACRO", "FUNCTION"]) < index;
    const name = nameAt(statement, index);
    if (!isStore(name, isMacro, isStoreNear)) continue;
    const error = new SqlError(
      `${name[name.length - 1]} belongs to the store, which is written by training and imports.`
    );
    error.hint = isMacro
      ? "Give yours another name."
      : "Make a table of your own: CREATE TABLE mine AS SELECT * FROM runs.";
    throw Object.assign(error, placeOf(sql, statement.tokens[index].index));
  }
}
