import type {AsyncDuckDBConnection} from "@duckdb/duckdb-wasm";
import type {Database} from "./database.ts";
import {encodeMetrics} from "./encode.ts";
import {identifier, literal} from "./literal.ts";
import {mergeMetrics} from "./merge.ts";
import {paramRows} from "./parameters.ts";
import type {RunWriter} from "./run-store.ts";
import {createStatements, type ParamRow, type RunRow, tableNames, tables} from "./schema.ts";
import type {RunRecord} from "./types.ts";

/** Most rows of one INSERT statement. */
const rowsPerInsert = 200;

const time = (ms: number | null) => (ms === null ? null : new Date(ms));

function runRow(run: RunRecord): RunRow {
  return {
    run_id: run.runId,
    name: run.name,
    notebook: run.notebook,
    cell_id: run.cellId,
    status: run.status,
    seed: Number.isSafeInteger(run.seed) ? run.seed : null,
    backend: run.backend?.name ?? null,
    adapter: run.backend?.adapter ?? null,
    created_at: new Date(run.createdAt),
    start_time: time(run.startedAt),
    end_time: time(run.endedAt),
    last_step: run.lastStep,
    error: run.error,
    code: run.code,
    fingerprint: run.fingerprint,
    data_hash: run.dataHash,
    versions: new Map(Object.entries(run.versions))
  };
}

function* inserts(table: "runs" | "params", rows: readonly (RunRow | ParamRow)[]): Generator<string> {
  const names = Object.keys(tables[table]);
  for (let i = 0; i < rows.length; i += rowsPerInsert) {
    const values = rows.slice(i, i + rowsPerInsert).map((row) => {
      return `(${names.map((name) => literal(row[name as keyof typeof row])).join(", ")})`;
    });
    yield `INSERT ${table === "runs" ? "OR REPLACE " : ""}INTO ${table} VALUES ${values.join(", ")}`;
  }
}

/** Keeps the tables of an experiment store in DuckDB up to date. */
export class DatabaseWriter implements RunWriter {
  readonly encode = encodeMetrics;
  private readonly database: Database;
  private readonly connection: AsyncDuckDBConnection;
  private readonly known = new Set<string>();
  /** The store as it was made. */
  private made = "";

  private constructor(database: Database, connection: AsyncDuckDBConnection) {
    this.database = database;
    this.connection = connection;
  }

  /** Makes the empty tables. */
  static async create(database: Database): Promise<DatabaseWriter> {
    const writer = new DatabaseWriter(database, await database.connect());
    await writer.transaction(() => writer.createAll());
    return writer;
  }

  async mend(): Promise<boolean> {
    if (this.database.lost) return false;
    const found = await this.parts();
    if (JSON.stringify(found) === this.made) return false;
    await this.transaction(async () => {
      // Indices go with their tables.
      for (const {kind, name} of found) {
        if (kind !== "INDEX") await this.connection.query(`DROP ${kind} ${identifier(name)}`);
      }
      await this.createAll();
    });
    return true;
  }

  private async createAll(): Promise<void> {
    for (const statement of createStatements()) await this.connection.query(statement);
    this.made = JSON.stringify(await this.parts());
    this.known.clear();
  }

  /** What bears the names of the store now, and the statements that would make it. */
  private async parts(): Promise<{kind: string; name: string; sql: string}[]> {
    const parts = ["table", "view", "index"].map((kind) => {
      const source = kind === "index" ? "duckdb_indexes" : `duckdb_${kind}s`;
      const owner = kind === "index" ? "table" : kind;
      return `SELECT '${kind.toUpperCase()}' AS kind, ${kind}_name AS name, sql FROM ${source}()
        WHERE database_name = current_database() AND schema_name = 'main'
          AND lower(${owner}_name) IN (${tableNames.map((name) => `'${name}'`).join(", ")})`;
    });
    const rows = await this.connection.query(`${parts.join(" UNION ALL ")} ORDER BY ALL`);
    return Array.from(rows, (row) => row.toJSON() as {kind: string; name: string; sql: string});
  }

  async writeRuns(runs: readonly RunRecord[]): Promise<void> {
    const added = runs.filter(({runId}) => !this.known.has(runId));
    const params = added.flatMap((run) => paramRows(run.runId, run.params));
    await this.transaction(async () => {
      for (const statement of inserts("runs", runs.map(runRow))) await this.connection.query(statement);
      for (const statement of inserts("params", params)) await this.connection.query(statement);
    });
    for (const {runId} of added) this.known.add(runId);
  }

  async writeMetrics(streams: readonly Uint8Array[]): Promise<void> {
    await this.transaction(async () => {
      for await (const stream of mergeMetrics(streams)) {
        await this.connection.insertArrowFromIPCStream(stream, {name: "metrics", create: false});
      }
    });
  }

  private async transaction(work: () => Promise<void>): Promise<void> {
    try {
      await this.connection.query("BEGIN");
      await work();
      await this.connection.query("COMMIT");
    } catch (error) {
      await this.connection.query("ROLLBACK").catch(() => {});
      throw this.database.explain(error);
    }
  }
}
