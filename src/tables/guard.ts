import {tableNames} from "./ddl.ts";
import {SqlError} from "./errors.ts";
import type {SqlText} from "./sql-text.ts";
import {type Statement, statements} from "./statements.ts";

/** Words between a verb and the name of what it changes. */
const fillers: ReadonlySet<string> = new Set(
  "OR REPLACE IGNORE INTO FROM TABLE VIEW IF NOT EXISTS ONLY".split(" ")
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

function isStore(name: string[], isOwn: boolean): boolean {
  const table = name[name.length - 1];
  const path = name.slice(0, -1).join(".");
  const paths = isOwn ? ["", "main", "memory", "memory.main"] : ["memory", "memory.main"];
  return tableNames.includes(table) && paths.includes(path);
}

/**
 * Refuses statements that change the tables of the experiment store, which only training writes. `isOwn` tells whether
 * a bare name means a table of the store, or one of a client with tables of its own.
 * @throws SqlError with the place of the name.
 */
export function guardStore(sql: SqlText, isOwn: boolean): void {
  const {text} = sql;
  if (!tableNames.some((name) => text.toLowerCase().includes(name))) return;
  for (const statement of statements(text)) {
    const index = targetIndex(statement);
    if (index === null || !isStore(nameAt(statement, index), isOwn)) continue;
    const error = new SqlError("runs, params and metrics are written by training.");
    error.hint = "Make a table of your own: CREATE TABLE mine AS SELECT * FROM runs.";
    const before = text.slice(0, statement.tokens[index].index);
    throw Object.assign(error, sql.locate(new TextEncoder().encode(before).length));
  }
}
