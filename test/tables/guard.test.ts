import {expect, test} from "vitest";
import {guardFiles, guardStore, guardThreads} from "../../src/tables/guard.ts";
import {sqlQuery} from "../../src/tables/sql-text.ts";

const guard = (sql: string, isOwn = true) => guardStore(sqlQuery(sql), isOwn);

test.each([
  "DROP TABLE metrics",
  "drop table if exists Metrics cascade",
  'DROP TABLE memory.main."runs"',
  "DROP VIEW latest_metrics",
  "ALTER TABLE runs ADD COLUMN x INTEGER",
  "DELETE FROM main.metrics WHERE step > 5",
  "TRUNCATE params",
  "UPDATE runs SET name = 'x'",
  "INSERT INTO params VALUES (1)",
  "INSERT OR REPLACE INTO runs SELECT * FROM runs",
  "CREATE OR REPLACE TABLE metrics AS SELECT 1",
  "CREATE OR REPLACE VIEW runs AS SELECT 1",
  "CREATE UNIQUE INDEX i ON metrics (key)",
  "COPY metrics FROM 'x.csv'",
  "SELECT 1; /* ; */ DELETE FROM metrics",
  "EXPLAIN ANALYZE DELETE FROM metrics",
  "EXPLAIN (ANALYZE) DELETE FROM metrics",
  "EXPLAIN (ANALYZE true, FORMAT json) UPDATE metrics SET value = 1",
  "PREPARE p AS DELETE FROM metrics",
  "WITH x AS (SELECT 1), y(a) AS (SELECT 2) DELETE FROM metrics",
  "WITH x AS (SELECT 1) INSERT INTO metrics SELECT * FROM x",
  "DELETE FROM artifact_links",
  "UPDATE cell_execs SET status = 'done'",
  "CREATE OR REPLACE VIEW run_metrics AS SELECT 1",
  "CREATE OR REPLACE MACRO curve(a, b) AS TABLE SELECT 1",
  "DROP MACRO TABLE IF EXISTS curve"
])("%s is refused", (sql) => {
  expect(() => guard(sql)).toThrow("written by training");
});

test.each([
  "SELECT * FROM metrics",
  "SELECT 'DROP TABLE metrics' -- DELETE FROM runs",
  "CREATE TABLE mine AS SELECT * FROM metrics",
  "CREATE OR REPLACE TABLE mine AS SELECT * FROM runs",
  "CREATE OR REPLACE VIEW mine AS FROM metrics",
  "CREATE OR REPLACE TEMP TABLE metrics AS SELECT 1",
  "CREATE TABLE IF NOT EXISTS metrics (x INTEGER)",
  "CREATE INDEX runs ON mine (x)",
  "INSERT INTO mine SELECT * FROM runs",
  "DELETE FROM mine WHERE run_id IN (SELECT run_id FROM runs)",
  "DROP TABLE my_metrics",
  "DROP TABLE other.metrics",
  'DROP TABLE "metrics""2"',
  "WITH delete AS (SELECT * FROM runs) SELECT * FROM delete",
  "COPY metrics TO 'x.csv'",
  "SELECT update FROM (SELECT 1 AS update), runs",
  "CREATE OR REPLACE TABLE curve AS SELECT 1",
  "CREATE OR REPLACE MACRO runs() AS 1",
  "USE memory; CREATE TABLE mine AS FROM metrics"
])("%s is let through", (sql) => {
  expect(() => guard(sql)).not.toThrow();
});

test("the database of the store cannot be detached, others can", () => {
  expect(() => guard("USE other; DETACH DATABASE IF EXISTS memory")).toThrow("the database of the store");
  expect(() => guard('DETACH "Memory"', false)).toThrow("the database of the store");
  expect(() => guard("DETACH other; SELECT 'memory'")).not.toThrow();
  expect(() => guard("EXPLAIN (SELECT * FROM metrics)")).not.toThrow();
});

test("a client with tables of its own may have one of these names, but not change the store's", () => {
  expect(() => guard("DELETE FROM runs", false)).not.toThrow();
  expect(() => guard("DELETE FROM memory.runs", false)).toThrow("written by training");
});

test.each([
  "USE memory; DELETE FROM metrics",
  "USE memory.main; SELECT 1; INSERT INTO runs SELECT * FROM runs",
  "SET schema = 'memory.main'; DROP TABLE params",
  "SET SESSION search_path = 'memory'; TRUNCATE metrics"
])("a client with tables of its own does not get at the store by %s", (sql) => {
  expect(() => guard(sql, false)).toThrow("written by training");
});

test("the number of threads stays", () => {
  for (const sql of [
    "SET threads = 2",
    "SET GLOBAL threads TO 1",
    "PRAGMA threads=4",
    "SELECT 1; RESET worker_threads"
  ]) {
    expect(() => guardThreads(sqlQuery(sql))).toThrow("settled when it starts");
  }
  for (const sql of [
    "SELECT current_setting('threads')",
    "SET VARIABLE x = 'threads'",
    "SELECT threads FROM t"
  ]) {
    expect(() => guardThreads(sqlQuery(sql))).not.toThrow();
  }
});

test.each([
  "COPY metrics TO 'x.csv'",
  "COPY (SELECT 1 AS x) TO 'x.parquet' (FORMAT parquet)",
  "COPY my.t (a, b) TO 'x.csv'",
  "SELECT 1; copy (FROM runs) to 'x.csv'",
  "EXPORT DATABASE 'folder'"
])("%s is refused, and what saves files is told", (sql) => {
  const refused = () => guardFiles(sqlQuery(sql));
  expect(refused).toThrow("writes files");
  expect(refused).toThrow(
    expect.objectContaining({hint: expect.stringMatching(/CSV or Parquet.*workspace\.export/)})
  );
});

test.each([
  "COPY t FROM 'x.csv'",
  "COPY FROM DATABASE a TO b",
  "SELECT 'COPY t TO x' AS copy -- COPY t TO 'x'",
  "CREATE TABLE export AS SELECT 1"
])("%s writes no file", (sql) => {
  expect(() => guardFiles(sqlQuery(sql))).not.toThrow();
});
