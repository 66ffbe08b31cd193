// The page: the only place where storage, training, tables, the runtime and the elements meet.
import {runRenderer} from "./cells/run/renderer.ts";
import "./cells/app/petri-app.ts";
import type {SettledCell} from "./cells/app/petri-app.ts";
import type {AppServices} from "./cells/app/services.ts";
import {tableRenderer} from "./cells/grid/renderer.ts";
import {createOutput} from "./cells/output/create-output.ts";
import {PageEngine} from "./engine.ts";
import {preferredBackend} from "./preferred-backend.ts";
import {openDatabase} from "./runtime/storage/database.ts";
import {DraftJournal, lockName} from "./runtime/storage/journal.ts";
import {LastRuns} from "./runtime/storage/last-runs.ts";
import {webLocks} from "./runtime/storage/locks.ts";
import {openStorage} from "./runtime/storage/open.ts";
import type {DuckDBClient} from "./tables/client.ts";
import type {JournalStatus} from "./tables/journal/types.ts";
import {Tables} from "./tables/open.ts";
import {versions} from "./versions.ts";
import {PageWorkspace} from "./workspace.ts";

const site = new URL(".", document.baseURI);
const locks = webLocks(navigator.locks);
const tab = crypto.randomUUID();
const workspace = new PageWorkspace({
  openJournal: async () => (await import("./journal.ts")).openPageJournal(),
  tables: () => tables
});
const tables: Tables = new Tables({
  extensionRepository: new URL("duckdb-ext", site).href,
  journal: workspace.journal,
  liveTabs: navigator.locks && openTabs,
  given: async () => ({systems: (await import("./ops/systems.ts")).systems})
});
const engine = new PageEngine(async () => {
  const {pageTrainer} = await import("./trainer.ts");
  return pageTrainer({sink: tables.sink, site: site.href, backend: preferredBackend(), tab});
});

workspace.keepFrom(engine);

const database = openDatabase();
const services: AppServices = {
  storage: openStorage({fetch: (path, init) => fetch(new URL(path, site), init), database}),
  journal: new DraftJournal({database, locks, tab}),
  preload() {
    void import("./session.ts");
    void engine.trainer();
    // Nearly every notebook begins with prose.
    void import("./cells/library/markdown.ts");
  },
  async createSession(request) {
    const [{openSession}, trainer] = await Promise.all([import("./session.ts"), engine.trainer()]);
    return openSession(request, {site: site.href, tables, trainer, workspace});
  },
  createOutput: (host, options) => createOutput(host, {...options, renderers: [runRenderer, tableRenderer]}),
  completions: (session, cellId) => async (request) => {
    const {completeName} = await import("./session.ts");
    return completeName(session, cellId, request);
  },
  lastRuns: new LastRuns(database),
  engine,
  workspace,
  versions
};

const app = document.createElement("petri-app");
app.services = services;
document.body.append(app);

/** The tabs of this site that are open, by the names that runs bear. */
async function openTabs(): Promise<Set<string>> {
  const prefix = lockName("");
  return new Set([...(await locks.held())].map((name) => name.replace(prefix, "")));
}

/** What the page offers to scripts and tests. */
interface PetriWindow {
  /** Resolves when nothing in the open notebook is queued or running. */
  settled(): Promise<{cells: SettledCell[]}>;
  /** The cells of the open notebook as they are now. */
  readonly cells: SettledCell[];
  /** The run tables, as SQL cells see them. */
  readonly db: DuckDBClient;
  /** By run of this page, the `seq` of the last row that is on disk. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** What becomes of the rows on their way to the disk; null until there are some. */
  readonly recording: JournalStatus | null;
  readonly version: string;
}

const petri: PetriWindow = {
  settled: () => app.settled(),
  get cells() {
    return app.cells;
  },
  db: tables.db,
  acknowledged: tables.sink.acknowledged,
  get recording() {
    return workspace.status;
  },
  version: versions.petri
};

declare global {
  interface Window {
    petri: PetriWindow;
  }
}
window.petri = petri;
