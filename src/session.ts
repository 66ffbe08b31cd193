// Opens notebooks: loaded with the first one, so that the home page needs none of it.
import type {Session, SessionRequest} from "./cells/app/services.ts";
import type {CompletionRequest, NameCompletion} from "./cells/editor/types.ts";
import {cellGrids} from "./cells/grid/grid.ts";
import {input} from "./cells/library/generators/input.ts";
import {createImporter, provideShared} from "./cells/library/importer.ts";
import {createLibrary} from "./cells/library/library.ts";
import {sharedModules} from "./cells/library/shared-modules.ts";
import {petriModules} from "./modules.ts";
import {pageClock} from "./runtime/clock.ts";
import {NotebookSession} from "./runtime/session.ts";
import type {CellContext} from "./runtime/types.ts";
import {loadArrow} from "./tables/arrow.ts";
import type {Tables} from "./tables/open.ts";
import {tableNames} from "./tables/schema.ts";
import type {Trainer} from "./training/client.ts";
import type {TrainOptions} from "./training/options.ts";
import type {Run} from "./training/run.ts";

/** What every notebook of a page shares. */
export interface SessionServices {
  /** The page's base address. */
  site: string;
  tables: Tables;
  trainer: Trainer;
}

const shared = sharedModules({arrow: loadArrow});
provideShared(shared);

const clock = pageClock({
  document,
  requestAnimationFrame: (callback) => requestAnimationFrame(callback),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  channel: () => new MessageChannel()
});

/** A notebook's cells as a dataflow on this page. */
export function openSession(request: SessionRequest, services: SessionServices): NotebookSession {
  const {site, tables, trainer} = services;
  const {name, baseUrl, notebook, createOutput} = request;
  const importer = createImporter({
    siteUrl: site,
    notebookUrl: () => baseUrl,
    shared,
    own: petriModules
  });
  const library = createLibrary({
    baseUrl: () => baseUrl,
    root: () => document.querySelector(".cells") ?? document.body,
    importer,
    shared,
    arrow: loadArrow,
    duckdb: () => Promise.resolve(tables.db)
  });
  const grids = cellGrids();
  const session: NotebookSession = new NotebookSession({
    notebook,
    createOutput,
    builtins: {...library, DuckDBClient: () => tables.DuckDBClient},
    cellBuiltins: {
      __grid: ({cellId}) => grids(cellId),
      db: ({signal}) => tables.db.withSignal(signal),
      sql: ({signal}) => tables.db.withSignal(signal).sql,
      train: (context) =>
        trainFor(context, {trainer, notebook: name, rerun: (id) => void session.run([id], {force: true})})
    },
    clock,
    importModule: (specifier) => importer.importModule(specifier),
    resolveModule: (specifier) => importer.resolve(specifier),
    input: (element) => input(element as HTMLElement),
    tableChanges: (table) => tables.tableChanges(table),
    knownTables: tableNames,
    baseUrl
  });
  return session;
}

interface TrainServices {
  trainer: Trainer;
  notebook: string;
  rerun(cellId: number): void;
}

/** The builtin `train`, for one evaluation of a cell. */
function trainFor(context: CellContext, {trainer, notebook, rerun}: TrainServices) {
  const {cellId, signal} = context;
  return (fn: () => unknown, options: TrainOptions = {}): Run => {
    const run = trainer.train(fn, options, {notebook, cellId, signal, rerun: () => rerun(cellId)});
    const ended = run.then(
      () => {
        if (run.fromCache) context.markCached();
      },
      (error: unknown) => {
        if (run.record.status === "failed") context.fail(error);
      }
    );
    context.waitUntil(ended);
    return run;
  };
}

/** Names that fit at the caret of a cell: the notebook's, the builtins', members of the op packages and of values. */
export async function completeName(
  session: Session,
  cellId: number,
  {path, prefix}: CompletionRequest
): Promise<NameCompletion[]> {
  if (!(session instanceof NotebookSession)) return [];
  const fits = ({label}: NameCompletion) => label.startsWith(prefix);
  const [root, ...rest] = path;
  if (root === undefined) return namesInScope(session, cellId).filter(fits);
  const base = root === "ops" ? (await import("./ops/index.ts")).ops : await valueOf(session, root);
  let value: unknown = base;
  for (const name of rest) value = (value as Record<string, unknown> | undefined)?.[name];
  return membersOf(value).filter(fits);
}

function namesInScope(session: NotebookSession, cellId: number): NameCompletion[] {
  const cells = session.cells();
  const own = cells.flatMap(({id, defines}) =>
    id === cellId ? [] : defines.map((label) => ({label, type: "variable", detail: `cell ${id}`}))
  );
  const builtins = session.builtins
    .filter((name) => !name.startsWith("__"))
    .map((label) => ({label, type: "namespace", detail: "builtin"}));
  return [...own, ...builtins];
}

/** A value that is there already, or a builtin; what has not been computed is not waited for. */
async function valueOf(session: NotebookSession, name: string): Promise<unknown> {
  const busy = session
    .cells()
    .some(({defines, state}) => defines.includes(name) && state !== "done" && state !== "cached");
  return busy ? undefined : session.value(name).catch(() => undefined);
}

function membersOf(value: unknown): NameCompletion[] {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return [];
  const names = new Set<string>();
  for (
    let level: object | null = value;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    for (const name of Object.getOwnPropertyNames(level)) if (/^[a-z$]/i.test(name)) names.add(name);
  }
  return [...names].map((label) => ({label, type: "property"}));
}
