import {tableNames} from "./ddl.ts";
import {best} from "./macros/best.ts";
import {compare} from "./macros/compare.ts";
import {curves} from "./macros/curves.ts";
import {importance} from "./macros/importance.ts";
import {mlflow} from "./macros/mlflow.ts";
import {provenance} from "./macros/provenance.ts";
import {createRelation, type Relation} from "./macros/relation.ts";
import type {TableName} from "./schema.ts";

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

const signature = ({name, kind, parameters = []}: Relation) =>
  kind === "view" ? name : `${name}(${parameters.join(", ")})`;

const asked = [...best, ...curves, ...compare, ...importance, ...provenance, ...mlflow];

const storeHelp: Relation = {
  name: "store_help",
  kind: "view",
  about: "This list: the views and macros of the store.",
  example: "FROM store_help",
  reads: [],
  sql: `SELECT * FROM (VALUES\n${asked
    .map((each) => `  (${[signature(each), each.kind, each.about, each.example].map(quoted).join(", ")})`)
    .join(",\n")}\n) AS help(name, kind, about, example)`
};

/** The views and macros of the store, in the order they are made. */
export const relations: readonly Relation[] = [...asked, storeHelp];

/** The statements that make the views and macros, to be run when the tables are there. */
export function macroStatements(): string[] {
  return relations.map(createRelation);
}

/** Names of the store's views, with which nothing else can be called. */
export const viewNames: readonly string[] = relations
  .filter(({kind}) => kind === "view")
  .map(({name}) => name);

/** Names of the store's macros that stand in expressions. */
export const scalarNames: readonly string[] = relations
  .filter(({kind}) => kind === "scalar")
  .map(({name}) => name);

/** What the evaluation of cells writes: a cell that is asked again when they change would wake itself. */
const unwatched: ReadonlySet<TableName> = new Set(["cells", "cell_execs", "cell_edges"]);

/** `latest_metrics` changes when and only when `metrics` does. */
const watched = (names: readonly TableName[]): TableName[] => [
  ...new Set(names.map((name) => (name === "latest_metrics" ? "metrics" : name)))
];

const direct = tableNames.map((name) => [name, [name]] as const);
const beneath = relations.map(
  ({name, kind, reads}) => [kind === "view" ? name : `${name}()`, reads] as const
);

/** For each table, view and macro (written `name()`), the tables for whose changes a query of it is asked again. */
export const watchedTables: ReadonlyMap<string, readonly string[]> = new Map(
  [...direct, ...beneath].map(([name, reads]) => [
    name,
    watched(reads.filter((table) => !unwatched.has(table)))
  ])
);
