import {expect, test} from "vitest";
import {sqlReferences} from "../../src/runtime/sql-references.ts";

/** Query, tables read, created, changed. */
const cases: [string, string[], string[]?, string[]?][] = [
  ["SELECT * FROM runs", ["runs"]],
  ["from Runs select loss", ["runs"]],
  ["SELECT * FROM a, b AS x, c y (p, q), d", ["a", "b", "c", "d"]],
  ["SELECT * FROM a JOIN b USING (id) LEFT JOIN c ON a.x = c.x", ["a", "b", "c"]],
  ["SELECT * FROM (SELECT * FROM inner_table) AS s JOIN t ON true", ["inner_table", "t"]],
  ["WITH a AS (SELECT * FROM base), b (x) AS (FROM a) SELECT * FROM b", ["base"]],
  ["WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) FROM t", []],
  ["SELECT extract(year FROM born), trim(both ' ' from name) FROM people", ["people"]],
  ["SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM c FROM t", ["t"]],
  ["SELECT * FROM range(10), unnest([1]), real", ["range()", "unnest()", "real"]],
  ["FROM main.curve('a', 'loss') c JOIN t ON true", ["curve()", "t"]],
  ["FROM nested((SELECT max(x) FROM u))", ["nested()", "u"]],
  ["SELECT * FROM 'file.csv' f, \"Quoted Name\"", ["quoted name"]],
  ["SELECT ' FROM no ' -- FROM nope\n/* FROM never */ FROM yes", ["yes"]],
  ["SELECT * FROM main.runs, memory.main.metrics, other.t", ["runs", "metrics", "other.t"]],
  ["SELECT \ufffc FROM t WHERE x = \ufffc AND y IN (SELECT y FROM u)", ["t", "u"]],
  ["SELECT * FROM \ufffc", []],
  ["DESCRIBE runs; SUMMARIZE metrics", ["runs", "metrics"]],
  ["PIVOT metrics ON name USING avg(value)", ["metrics"]],
  ["CREATE TABLE t (id INT)", [], ["t"]],
  ["CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM base", ["base"], ["v"]],
  ["CREATE TABLE IF NOT EXISTS s.t AS FROM x", ["x"], ["s.t"]],
  ["CREATE MACRO double(x) AS x * 2", [], ["double()"]],
  ["CREATE OR REPLACE FUNCTION mine(n) AS TABLE SELECT * FROM runs LIMIT n", ["runs"], ["mine()"]],
  ["DROP MACRO TABLE IF EXISTS mine", [], [], ["mine()"]],
  ["INSERT INTO t SELECT * FROM u", ["u"], [], ["t"]],
  ["INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET x = 1", [], [], ["t"]],
  ["UPDATE t SET x = u.x FROM u WHERE t.id = u.id", ["u"], [], ["t"]],
  ["DELETE FROM t WHERE id IN (SELECT id FROM dead)", ["dead"], [], ["t"]],
  ["ALTER TABLE t ADD COLUMN x INT; DROP VIEW IF EXISTS v", [], [], ["t", "v"]],
  ["SELECT * FROM a ASOF JOIN b ON a.t >= b.t", ["a", "b"]],
  ["SELECT * FROM a WHERE x = 1 UNION SELECT * FROM b", ["a", "b"]],
  ["SELECT $$ FROM no $$ FROM t", ["t"]],
  ["SELECT * FROM (a JOIN b USING (k))", ["a", "b"]]
];

for (const [sql, reads, creates = [], changes = []] of cases) {
  test(sql, () => expect(sqlReferences(sql)).toEqual({reads, creates, changes}));
}
