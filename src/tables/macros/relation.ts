import type {TableName} from "../schema.ts";

/** A view or macro of the experiment store: a question that is asked often, under a name. */
export interface Relation {
  /** What follows FROM, or for a scalar stands in an expression. */
  name: string;
  /** view: FROM name. table: FROM name(...). scalar: name(...) in an expression. */
  kind: "view" | "table" | "scalar";
  /** Parameters with their defaults as written in SQL, e.g. `metric := NULL`; none for a view. */
  parameters?: readonly string[];
  /** What it answers, in a sentence. */
  about: string;
  /** A query to begin with. */
  example: string;
  /** The tables beneath: a cell that asks is asked again when one of them changes. */
  reads: readonly TableName[];
  /** The query, or the expression of a scalar. */
  sql: string;
}

/** The statement that makes it, in the place of what was there under the name. */
export function createRelation({name, kind, parameters = [], sql}: Relation): string {
  if (kind === "view") return `CREATE OR REPLACE VIEW ${name} AS\n${sql}`;
  const head = `CREATE OR REPLACE MACRO ${name}(${parameters.join(", ")}) AS`;
  return kind === "table" ? `${head} TABLE\n${sql}` : `${head} (${sql})`;
}
