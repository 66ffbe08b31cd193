import type {AsyncDuckDBConnection} from "@duckdb/duckdb-wasm";
import type {Database} from "./database.ts";
import {encodeMetrics} from "./encode.ts";
import {literal} from "./literal.ts";
import {mergeMetrics} from "./merge.ts";
import {paramRows} from "./parameters.ts";
import type {RunWriter} from "./run-store.ts";
import {createStatements, type ParamRow, type RunRow, tables} from "./schema.ts";
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
  private readonly connection: AsyncDuckDBConnection;
  private readonly known = new Set<string>();

  private constructor(connection: AsyncDuckDBConnection) {
    this.connection = connection;
  }

  /** Makes the empty tables. */
  static async create(database: Database): Promise<DatabaseWriter> {
    const connection = await database.connect();
    for (const statement of createStatements()) await connection.query(statement);
    return new DatabaseWriter(connection);
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
    await this.connection.query("BEGIN");
    try {
      await work();
      await this.connection.query("COMMIT");
    } catch (error) {
      await this.connection.query("ROLLBACK").catch(() => {});
      throw error;
    }
  }
}
