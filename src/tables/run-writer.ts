import type {AsyncDuckDBConnection} from "@duckdb/duckdb-wasm";
import type {Database} from "./database.ts";
import {createStatements, keyColumns, tableNames} from "./ddl.ts";
import {encodeRows} from "./encode-rows.ts";
import type {JournalRecord} from "./journal/types.ts";
import {LatestMetrics} from "./latest.ts";
import {identifier} from "./literal.ts";
import {macroStatements, viewNames} from "./macros.ts";
import {mergeMetrics} from "./merge.ts";
import type {RunWriter} from "./run-writer-types.ts";
import {type TableName, tables} from "./schema.ts";

/** Where rows lie before they replace others. */
const stage = "temp.main.petri_stage";

const columnsOf = (table: TableName) => Object.keys(tables[table]).map(identifier);

/** The rows of the stage, of several with one key the one that came last. */
function staged(table: TableName): string {
  const keys = keyColumns(table);
  const newest =
    keys.length > 0 ? ` QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY rowid DESC) = 1` : "";
  return `SELECT ${columnsOf(table)} FROM ${stage}${newest}`;
}

/** Whether a row of the stage is later than the one in `latest_metrics`. */
const isLater = "(new.step, new.ts_ms, new.seq) >= (old.step, old.ts_ms, old.seq)";

const last = (name: string) => `CASE WHEN ${isLater} THEN new.${name} ELSE old.${name} END AS ${name}`;

const stepOf = (which: "min" | "max", sign: "<" | ">") => `CASE
    WHEN old.${which}_value IS NULL OR new.${which}_value ${sign} old.${which}_value
      OR (new.${which}_value = old.${which}_value AND new.${which}_step < old.${which}_step) THEN new.${which}_step
    ELSE old.${which}_step END AS ${which}_step`;

/** Puts the latest values of some new rows together with those of the rows before. */
const mergeLatest = `INSERT OR REPLACE INTO latest_metrics
  SELECT new.* FROM ${stage} new ANTI JOIN latest_metrics old USING (run_id, key)
  UNION ALL
  SELECT new.run_id, new.key, ${["value", "step", "ts_ms", "seq"].map(last).join(", ")},
    least(old.min_value, new.min_value) AS min_value, ${stepOf("min", "<")},
    greatest(old.max_value, new.max_value) AS max_value, ${stepOf("max", ">")}, old.n + new.n AS n
  FROM ${stage} new JOIN latest_metrics old USING (run_id, key)`;

/** Keeps the tables of an experiment store in DuckDB up to date. */
export class DatabaseWriter implements RunWriter {
  readonly #database: Database;
  readonly #connection: AsyncDuckDBConnection;
  /** The store as it was made. */
  #made = "";

  private constructor(database: Database, connection: AsyncDuckDBConnection) {
    this.#database = database;
    this.#connection = connection;
  }

  /** Makes the empty tables. */
  static async create(database: Database): Promise<DatabaseWriter> {
    const writer = new DatabaseWriter(database, await database.connect());
    await writer.#transaction(() => writer.#createAll());
    return writer;
  }

  async load(table: TableName, ipc: Uint8Array): Promise<void> {
    try {
      if (keyColumns(table).length === 0) await this.#insert(table, ipc);
      else await this.#replace(table, [ipc]);
    } catch (error) {
      throw this.#database.explain(error);
    }
  }

  async loaded(): Promise<void> {
    // A run that its tab did not see to the end does not say how far it came.
    await this.#connection.query(`UPDATE runs SET last_step = l.step
      FROM (SELECT run_id, max(step) AS step FROM latest_metrics GROUP BY run_id) l
      WHERE runs.run_id = l.run_id AND (runs.last_step IS NULL OR runs.last_step < l.step)`);
  }

  async write(records: readonly JournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    const byTable = new Map<TableName, Uint8Array[]>();
    for (const {table, ipc} of records) byTable.set(table, [...(byTable.get(table) ?? []), ipc]);
    await this.#transaction(async () => {
      for (const [table, streams] of byTable) {
        if (table === "metrics") await this.#writeMetrics(streams);
        else if (keyColumns(table).length > 0) await this.#replace(table, streams.map(copy));
        else for (const stream of streams) await this.#insert(table, copy(stream));
      }
    });
  }

  async deleteRuns(runIds: readonly string[]): Promise<void> {
    const ids = runIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ");
    await this.#transaction(async () => {
      for (const table of ["runs", "params", "metrics", "latest_metrics", "artifact_links"]) {
        await this.#connection.query(`DELETE FROM ${table} WHERE run_id IN (${ids})`);
      }
      await this.#connection.query(
        "DELETE FROM artifacts WHERE artifact_id NOT IN (SELECT artifact_id FROM artifact_links)"
      );
    });
  }

  async mend(): Promise<boolean> {
    if (this.#database.lost) return false;
    const found = await this.#parts();
    if (JSON.stringify(found) === this.#made) return false;
    await this.#recreate(found);
    return true;
  }

  async clear(): Promise<void> {
    await this.#recreate(await this.#parts());
  }

  async #recreate(found: readonly {kind: string; name: string}[]): Promise<void> {
    await this.#transaction(async () => {
      // Indices go with their tables.
      for (const {kind, name} of found) {
        if (kind !== "INDEX") await this.#connection.query(`DROP ${kind} ${identifier(name)}`);
      }
      await this.#createAll();
    });
  }

  async #createAll(): Promise<void> {
    for (const statement of [...createStatements(), ...macroStatements()]) {
      await this.#connection.query(statement);
    }
    this.#made = JSON.stringify(await this.#parts());
  }

  /** What bears the names of the store now, and the statements that would make it. */
  async #parts(): Promise<{kind: string; name: string; sql: string}[]> {
    const parts = ["table", "view", "index"].map((kind) => {
      const source = kind === "index" ? "duckdb_indexes" : `duckdb_${kind}s`;
      const owner = kind === "index" ? "table" : kind;
      return `SELECT '${kind.toUpperCase()}' AS kind, ${kind}_name AS name, sql FROM ${source}()
        WHERE database_name = current_database() AND schema_name = 'main'
          AND lower(${owner}_name) IN (${[...tableNames, ...viewNames].map((name) => `'${name}'`).join(", ")})`;
    });
    const rows = await this.#connection.query(`${parts.join(" UNION ALL ")} ORDER BY ALL`);
    return Array.from(rows, (row) => row.toJSON() as {kind: string; name: string; sql: string});
  }

  async #insert(name: string, ipc: Uint8Array): Promise<void> {
    await this.#connection.insertArrowFromIPCStream(ipc, {name, create: false});
  }

  /** Adds the rows of streams, or replaces those with the same key. */
  async #replace(table: TableName, streams: readonly Uint8Array[]): Promise<void> {
    await this.#stage(table, streams);
    await this.#connection.query(`INSERT OR REPLACE INTO ${table} ${staged(table)}`);
    await this.#connection.query(`DROP TABLE ${stage}`);
  }

  async #stage(table: TableName, streams: readonly Uint8Array[]): Promise<void> {
    await this.#connection.query(`CREATE OR REPLACE TEMP TABLE petri_stage AS FROM ${table} LIMIT 0`);
    for (const stream of streams) await this.#insert("petri_stage", stream);
  }

  async #writeMetrics(streams: readonly Uint8Array[]): Promise<void> {
    const latest = new LatestMetrics();
    for await (const stream of mergeMetrics(streams, (columns) => latest.add(columns))) {
      await this.#insert("metrics", stream);
    }
    await this.#stage("latest_metrics", [encodeRows("latest_metrics", latest.rows())]);
    await this.#connection.query(mergeLatest);
    await this.#connection.query(`DROP TABLE ${stage}`);
  }

  async #transaction(work: () => Promise<void>): Promise<void> {
    try {
      await this.#connection.query("BEGIN");
      await work();
      await this.#connection.query("COMMIT");
    } catch (error) {
      await this.#connection.query("ROLLBACK").catch(() => {});
      throw this.#database.explain(error);
    }
  }
}

/** DuckDB uses the bytes up. */
const copy = (ipc: Uint8Array) => ipc.slice();
