import type {CompiledCell} from "./compile.ts";
import {type NotebookNames, tableVariable} from "./plan.ts";

/** For tables, views and macros (`name()`) that no cell made, the tables beneath whose changes are told of. */
export type KnownTables = ReadonlyMap<string, readonly string[]>;

/** What the names of a notebook mean, from all of its compiled cells. */
export class SessionNames implements NotebookNames {
  readonly defined = new Set<string>();
  readonly local: ReadonlySet<string>;
  readonly #known: KnownTables;
  /** Variables that stand for a table, by `database table`. */
  readonly #tables = new Map<string, string[]>();
  /** Equal for equal meanings of names, so that cells need not be planned again. */
  readonly signature: string;

  constructor(cells: Iterable<CompiledCell>, local: ReadonlySet<string>, known: KnownTables) {
    this.local = local;
    this.#known = known;
    const compiled = [...cells];
    for (const cell of compiled) this.#define(cell);
    for (const cell of compiled) this.#make(cell);
    const shadowed = [...local, "db"].filter((name) => this.defined.has(name));
    // Moving a cell changes nothing.
    for (const variables of this.#tables.values()) variables.sort();
    this.signature = JSON.stringify([shadowed, [...this.#tables].sort()]);
  }

  tables(database: string, table: string, reader: CompiledCell): readonly string[] {
    const variables = this.#tables.get(`${database} ${table}`) ?? [];
    const beneath = this.isKnown(database, table) ? this.#known.get(table) : undefined;
    // A cell that trains adds to the tables it reads; it would start itself again for ever.
    if (!beneath || reader.inputs.includes("train")) return variables;
    return [...beneath.map((each) => tableVariable("db", each, null)), ...variables];
  }

  isKnown(database: string, table: string): boolean {
    return database === "db" && !this.defined.has("db") && this.#known.has(table);
  }

  #define({output, outputs, autoview, automutable}: CompiledCell): void {
    for (const name of output === undefined ? outputs : [output]) this.defined.add(name);
    if (output !== undefined && autoview) this.defined.add(output.slice("viewof$".length));
    if (output !== undefined && automutable) this.defined.add(output.slice("mutable ".length));
  }

  #make({id, tables}: CompiledCell): void {
    for (const {database, creates, changes} of tables) {
      for (const table of new Set([...creates, ...changes])) {
        if (this.isKnown(database, table)) continue;
        const key = `${database} ${table}`;
        this.#tables.set(key, [...(this.#tables.get(key) ?? []), tableVariable(database, table, id)]);
      }
    }
  }
}

/** Equal for cells that add the same to the names of a notebook. */
export function contribution(cell: CompiledCell | undefined): string {
  if (!cell) return "";
  const {output, outputs, autoview, automutable, tables} = cell;
  const made = tables.map(({database, creates, changes}) => [database, creates, changes]);
  return JSON.stringify([output, outputs, autoview, automutable, made]);
}
