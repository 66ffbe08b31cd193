import {runMetrics} from "./best.ts";
import {apart} from "./compare.ts";
import type {Relation} from "./relation.ts";

/** Numbers with more values than this are put into five bins of equally many runs. */
const mostGroups = 8;

/** Rank with ties shared, as Spearman's correlation wants it. */
const rank = (of: string) =>
  `rank() OVER (PARTITION BY t.key ORDER BY ${of}) + (count(*) OVER (PARTITION BY t.key, ${of}) - 1) / 2`;

const paramImportance: Relation = {
  name: "param_importance",
  kind: "table",
  parameters: ["metric", "summary := NULL"],
  about:
    "How much of a metric's variance between runs a setting, or a value that the cell read, explains by itself (epsilon squared: 0 nothing, 1 all; not " +
    "inflated by many groups), and its rank correlation (Spearman) where it is a number. Of runs that completed; the value " +
    "of a run is its last, or 'best', 'min' or 'max'. Settings that were always tried together share what either explains.",
  example: "FROM param_importance('loss', summary := 'best')",
  reads: [...runMetrics.reads, "cell_edges"],
  sql: `WITH apart AS (
  ${apart}
), measured AS (
  SELECT m.run_id, CASE coalesce(summary, m.summary) WHEN 'best' THEN m.best_value WHEN 'min' THEN m.min_value
    WHEN 'max' THEN m.max_value ELSE m.last_value END AS x
  FROM run_metrics m WHERE m.key = metric AND m.status = 'completed'
), tried AS (
  SELECT s.key, s.value_str, s.value_num, m.x FROM apart s JOIN measured m ON m.run_id = s.run_id
  WHERE isfinite(m.x)
), counted AS (
  SELECT key, count(DISTINCT value_str) AS options, count(value_num) = count(*) AS numeric FROM tried GROUP BY key
), grouped AS (
  SELECT t.key, t.x, c.options, c.numeric,
    CASE WHEN c.numeric THEN ${rank("t.value_num")} END AS value_rank, ${rank("t.x")} AS x_rank,
    CASE WHEN c.numeric AND c.options > ${mostGroups} THEN ntile(5) OVER (PARTITION BY t.key ORDER BY t.value_num)::VARCHAR
      ELSE t.value_str END AS part
  FROM tried t JOIN counted c ON c.key = t.key WHERE c.options > 1
), parts AS (
  SELECT key, part, count(*) AS size, avg(x) AS mean FROM grouped GROUP BY key, part
), totals AS (
  SELECT key, any_value(options) AS options, count(*) AS runs, avg(x) AS mean, var_pop(x) * count(*) AS total,
    corr(value_rank, x_rank) AS correlation
  FROM grouped GROUP BY key
), between_parts AS (
  SELECT p.key, count(*) AS parts, sum(p.size * (p.mean - t.mean) ** 2) AS explained
  FROM parts p JOIN totals t ON t.key = p.key GROUP BY p.key
)
SELECT t.key, CASE WHEN t.runs > b.parts AND t.total > 0
    THEN greatest(0, (b.explained - (b.parts - 1) * (t.total - b.explained) / (t.runs - b.parts)) / t.total) END AS explained,
  CASE WHEN isfinite(t.correlation) THEN t.correlation END AS correlation, t.runs, t.options
FROM totals t JOIN between_parts b ON b.key = t.key
ORDER BY explained DESC NULLS LAST, t.key`
};

/** What a metric depends on. */
export const importance: readonly Relation[] = [paramImportance];
