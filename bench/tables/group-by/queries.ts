/**
 * The ten group-by questions of the H2O.ai db-benchmark (https://duckdblabs.github.io/db-benchmark/), for one generated
 * table of the same shape: three text and three integer keys, two small integers, a number with six decimals.
 */
export interface GroupByQuery {
  name: string;
  /** What is asked, in a few words. */
  about: string;
  /** The SELECT over the table `x`. */
  sql: string;
  /** Numbers of its result that must not depend on the engine; `ans` holds the result. */
  check: string;
}

/** Keys of the first kind; there are rows / 100 of the second. */
const groups = 100;

/** The statement that makes `x`. The values come of DuckDB's own hash, so that every engine has the same. */
export function generate(rows: number): string {
  const word = (digits: number, column: number, count: number) =>
    `format('id{:0${digits}d}', 1 + hash(i, ${column}) % ${count})`;
  const integer = (column: number, count: number) => `(1 + hash(i, ${column}) % ${count})::INTEGER`;
  const many = rows / groups;
  return `CREATE OR REPLACE TABLE x AS SELECT
    ${word(3, 1, groups)} AS id1, ${word(3, 2, groups)} AS id2, ${word(10, 3, many)} AS id3,
    ${integer(4, groups)} AS id4, ${integer(5, groups)} AS id5, ${integer(6, many)} AS id6,
    ${integer(7, 5)} AS v1, ${integer(8, 15)} AS v2, (hash(i, 9) % 100000000) / 1e6 AS v3
  FROM range(${rows}) t(i)`;
}

export const groupByQueries: readonly GroupByQuery[] = [
  {
    name: "q1",
    about: "sum by a key",
    sql: "SELECT id1, sum(v1) AS v1 FROM x GROUP BY id1",
    check: "sum(v1)"
  },
  {
    name: "q2",
    about: "sum by two keys",
    sql: "SELECT id1, id2, sum(v1) AS v1 FROM x GROUP BY id1, id2",
    check: "sum(v1)"
  },
  {
    name: "q3",
    about: "sum and mean by a key of many values",
    sql: "SELECT id3, sum(v1) AS v1, mean(v3) AS v3 FROM x GROUP BY id3",
    check: "sum(v1), sum(v3)"
  },
  {
    name: "q4",
    about: "three means by an integer",
    sql: "SELECT id4, mean(v1) AS v1, mean(v2) AS v2, mean(v3) AS v3 FROM x GROUP BY id4",
    check: "sum(v1), sum(v2), sum(v3)"
  },
  {
    name: "q5",
    about: "three sums by an integer of many values",
    sql: "SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM x GROUP BY id6",
    check: "sum(v1), sum(v2), sum(v3)"
  },
  {
    name: "q6",
    about: "median and deviation by two integers",
    sql: "SELECT id4, id5, quantile_cont(v3, 0.5) AS median_v3, stddev(v3) AS sd_v3 FROM x GROUP BY id4, id5",
    check: "sum(median_v3), sum(sd_v3)"
  },
  {
    name: "q7",
    about: "range by a key of many values",
    sql: "SELECT id3, max(v1) - min(v2) AS range_v1_v2 FROM x GROUP BY id3",
    check: "sum(range_v1_v2)"
  },
  {
    name: "q8",
    about: "two largest by an integer of many values",
    sql: `SELECT id6, v3 AS largest2_v3 FROM
      (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS order_v3 FROM x WHERE v3 IS NOT NULL)
      WHERE order_v3 <= 2`,
    check: "sum(largest2_v3)"
  },
  {
    name: "q9",
    about: "correlation by two keys",
    sql: "SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM x GROUP BY id2, id4",
    check: "sum(r2)"
  },
  {
    name: "q10",
    about: "sum and count by all six keys",
    sql: `SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS count FROM x
      GROUP BY id1, id2, id3, id4, id5, id6`,
    check: "sum(v3), sum(count)"
  }
];

/** The statement whose time is taken: the whole result is made, and stays in the engine. */
export const answer = ({sql}: GroupByQuery) => `CREATE OR REPLACE TABLE ans AS ${sql}`;

/** Gives one row: how many rows `ans` has and the numbers of `check`. */
export const checksum = ({check}: GroupByQuery) =>
  `SELECT count(*)::DOUBLE, ${check
    .split(", ")
    .map((number) => `${number}::DOUBLE`)
    .join(", ")} FROM ans`;
