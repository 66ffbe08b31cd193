import type {DuckDBClient} from "./client.ts";
import {SqlError} from "./errors.ts";
import type {SqlFragment} from "./sql-text.ts";

/** Most parameters that are named. */
const most = 12;

/**
 * The error of a question whose runs are chosen by a condition, without its place, which is none in the condition; where a
 * name in it is no column, with what to write in its stead.
 */
export async function choiceError(
  db: DuckDBClient,
  where: SqlFragment | undefined,
  error: unknown
): Promise<unknown> {
  if (!where || !(error instanceof SqlError)) return error;
  const told = new SqlError(error.message, {cause: error});
  told.hint = error.hint;
  const name = /^Binder Error: Referenced (?:column|table) "([^"]+)" not found/.exec(error.message)?.[1];
  if (name !== undefined) told.hint = await hintFor(db, name).catch(() => error.hint);
  return told;
}

/** A name that is no column of `runs`: mostly it is a parameter, or stands for the first part of one's name. */
async function hintFor(db: DuckDBClient, name: string): Promise<string> {
  const rows =
    await db.sql`SELECT key, bool_or(value_num IS NOT NULL) AS is_number FROM params GROUP BY key ORDER BY key`;
  const params = Array.from(rows) as unknown as {key: string; is_number: boolean}[];
  const lower = name.toLowerCase();
  const meant = params.find(
    ({key}) => key.toLowerCase() === lower || key.toLowerCase().startsWith(`${lower}.`)
  );
  if (meant) {
    const written = `params['${meant.key.replaceAll("'", "''")}']`;
    const number = meant.is_number ? `, and ${written}::DOUBLE to compare it as a number` : "";
    return `${meant.key} is a parameter: write ${written}${number}.`;
  }
  const there = params.length ? `: ${listed(params.map(({key}) => key))}` : ", of which there are none yet";
  return `A condition is on the columns of runs (name, status, seed ...) and on params['name']${there}.`;
}

/** Some names in a row, of many the first. */
function listed(names: readonly string[]): string {
  const rest = names.length > most ? ` and ${names.length - most} more` : "";
  return names.slice(0, most).join(", ") + rest;
}
