import type {CompiledCell} from "./compile.ts";
import {isInternal, publicName} from "./graph.ts";

/** The names a whole notebook knows; they decide what a cell's free names mean. */
export interface NotebookNames {
  /** Names that cells define. */
  defined: ReadonlySet<string>;
  /** Builtins that are bound to the cell that uses them, unless a cell defines the name. */
  local: ReadonlySet<string>;
  /** For a table of a client's variable: the dataflow variables that stand for it. */
  tables(database: string, table: string, reader: CompiledCell): readonly string[];
  /** Whether a table of a client's variable is the page's own, which no cell makes or changes: its statement fails. */
  isKnown(database: string, table: string): boolean;
}

/** How a compiled cell is defined in the runtime. */
export interface CellPlan {
  /** Variables the cell reads; those behind the body's own are there for the order only. */
  inputs: string[];
  /** For each parameter of the body: the index in `inputs`, or the name of a builtin bound to the cell. */
  args: (number | string)[];
  /** Whether the parameters are just the inputs. */
  direct: boolean;
  /** Variables for the tables the cell creates or changes. */
  tables: string[];
  /** What the cell reads, as people know it. */
  references: string[];
  /** Equal when nothing that the cell computes can differ. */
  key: string;
}

/** Always bound to the cell. */
export const DISPLAYS: ReadonlySet<string> = new Set(["display", "view"]);

export function planCell(compiled: CompiledCell, names: NotebookNames): CellPlan {
  const inputs: string[] = [];
  const args = compiled.inputs.map((name) => {
    const isLocal = DISPLAYS.has(name) || (names.local.has(name) && !names.defined.has(name));
    return isLocal ? name : inputs.push(name) - 1;
  });
  const read = inputs.length;
  const tables = new Set<string>();
  for (const {database, reads, creates, changes} of compiled.tables) {
    const [created, changed] = [creates, changes].map((all) =>
      all.filter((table) => !names.isKnown(database, table))
    );
    for (const table of [...created, ...changed]) tables.add(tableVariable(database, table, compiled.id));
    for (const table of [...reads, ...changed]) {
      for (const name of names.tables(database, table, compiled)) inputs.push(name);
    }
  }
  const own = [...tables];
  const unique = inputs.filter((name, i) => i < read || (inputs.indexOf(name) === i && !tables.has(name)));
  const {code, outputs, output, autoview, automutable} = compiled;
  const key = JSON.stringify([code, unique, args, own, output, outputs, autoview, automutable]);
  const references = [...new Set(unique.filter((name) => !isInternal(name)).map(publicName))];
  const direct = args.every((arg, i) => arg === i) && !unique.includes("visibility");
  return {inputs: unique, args, direct, tables: own, references, key};
}

/** The variable for what a cell makes of a table, e.g. `table:runs@5`; the page's own tables have no cell. */
export function tableVariable(database: string, table: string, cellId: number | null): string {
  const name = database === "db" ? `table:${table}` : `table:${database}/${table}`;
  return cellId === null ? name : `${name}@${cellId}`;
}
