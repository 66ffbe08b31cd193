import type {Relation} from "./relation.ts";

/** Where a run is asked for: its id, or its name, which several may bear. */
const named = "(SELECT r.run_id FROM runs r WHERE r.run_id = run OR r.name = run)";

const curve: Relation = {
  name: "curve",
  kind: "table",
  parameters: ["run", "metric"],
  about: "The values of a metric of a run (or of all runs of that name), in order.",
  example: "SELECT step, value FROM curve('baseline', 'loss')",
  reads: ["runs", "metrics"],
  sql: `SELECT m.run_id, m.step, m.ts_ms, m.value, m.seq FROM metrics m
WHERE m.key = metric AND m.run_id IN ${named}
ORDER BY m.run_id, m.step, m.seq`
};

const metricsAt: Relation = {
  name: "metrics_at",
  kind: "table",
  parameters: ["at_step", "metric := NULL"],
  about:
    "Every run's values at a step, or where it has none there, at the last step before. Of one metric when that is given.",
  example: "SELECT run, value FROM metrics_at(100, metric := 'loss') ORDER BY value",
  reads: ["runs", "params", "metrics"],
  sql: `WITH upto AS (
  SELECT m.run_id, m.key, max(m.step) AS step FROM metrics m
  WHERE m.step <= at_step AND (metric IS NULL OR m.key = metric)
  GROUP BY m.run_id, m.key
), found AS (
  SELECT m.run_id, m.key, m.step, arg_max(m.value, m.seq) AS value, max(m.ts_ms) AS ts_ms
  FROM metrics m JOIN upto u ON u.run_id = m.run_id AND u.key = m.key AND u.step = m.step
  WHERE metric IS NULL OR m.key = metric
  GROUP BY m.run_id, m.key, m.step
)
SELECT f.run_id, r.name AS run, r.status, f.key, f.value, f.step, f.ts_ms,
  coalesce(p.params, MAP {}::MAP(VARCHAR, VARCHAR)) AS params
FROM found f
JOIN runs r ON r.run_id = f.run_id AND r.lifecycle_stage = 'active'
LEFT JOIN run_params p ON p.run_id = f.run_id
ORDER BY r.created_at, f.run_id, f.key`
};

const curveOver: Relation = {
  name: "curve_over",
  kind: "table",
  parameters: ["metric", "x := NULL", "run := NULL"],
  about:
    "A metric of every run (or of one) over another axis: 'step', 'time' (milliseconds since the epoch), 'relative' (seconds " +
    "since the run began) or another metric, such as examples or FLOPs, of which the value at or before the step is " +
    "taken. Without x over the metric's declared step_key, else over the step.",
  example: "SELECT run, x, value FROM curve_over('loss', 'relative')",
  reads: ["runs", "metrics", "metric_defs"],
  sql: `WITH wanted AS (
  SELECT r.run_id, r.name AS run_name, epoch_ms(r.start_time) AS start_ms, coalesce(x, d.step_key, 'step') AS axis
  FROM runs r LEFT JOIN metric_defs d ON d.experiment_id = r.experiment_id AND d.key = metric
  WHERE r.lifecycle_stage = 'active' AND (run IS NULL OR r.run_id = run OR r.name = run)
), points AS (
  SELECT w.*, m.step, m.seq, m.ts_ms, m.value
  FROM metrics m JOIN wanted w ON w.run_id = m.run_id WHERE m.key = metric
), others AS (
  SELECT m.run_id, m.step, arg_max(m.value, m.seq) AS position
  FROM metrics m JOIN wanted w ON w.run_id = m.run_id AND w.axis = m.key GROUP BY m.run_id, m.step
), drawn AS (
  SELECT p.run_id, p.run_name, p.axis, p.step, p.seq, p.value,
    CASE p.axis WHEN 'step' THEN p.step::DOUBLE WHEN 'time' THEN p.ts_ms::DOUBLE
      ELSE (p.ts_ms - coalesce(p.start_ms, min(p.ts_ms) OVER (PARTITION BY p.run_id))) / 1000 END AS position
  FROM points p WHERE p.axis IN ('step', 'time', 'relative')
  UNION ALL
  SELECT p.run_id, p.run_name, p.axis, p.step, p.seq, p.value, o.position
  FROM points p ASOF JOIN others o ON p.run_id = o.run_id AND p.step >= o.step
  WHERE p.axis NOT IN ('step', 'time', 'relative')
)
SELECT c.run_id, c.run_name AS run, c.axis, c.position AS x, c.value, c.step, c.seq
FROM drawn c ORDER BY c.run_id, c.position, c.step, c.seq`
};

/** Values along a run. */
export const curves: readonly Relation[] = [curve, metricsAt, curveOver];
