import type {Relation} from "./relation.ts";

const runSettings: Relation = {
  name: "run_settings",
  kind: "view",
  about:
    "What a run was given, one row a setting: its parameters, and its seed unless a parameter bears that name.",
  example: "SELECT key, count(DISTINCT value_str) FROM run_settings GROUP BY key",
  reads: ["runs", "params"],
  sql: `SELECT run_id, key, value_str, value_num FROM params
UNION ALL
SELECT r.run_id, 'seed', r.seed::VARCHAR, r.seed::DOUBLE FROM runs r
WHERE r.seed IS NOT NULL AND NOT EXISTS (SELECT 1 FROM params p WHERE p.run_id = r.run_id AND p.key = 'seed')`
};

/** What a training function captured is no setting, and yet runs may differ in it: it was read by the cell. */
const runInputs: Relation = {
  name: "run_inputs",
  kind: "view",
  about:
    "The small values that the cell of a run read and that are none of the run's settings, as JSON: what its function may have " +
    "captured.",
  example: "SELECT run_id, key, value FROM run_inputs",
  reads: ["runs", "params", "cell_edges"],
  sql: `WITH known AS (
  SELECT run_id, list_concat(list(value_str), list('"' || value_str || '"')) AS texts FROM run_settings GROUP BY run_id
)
SELECT r.run_id, e.name AS key, e.value FROM runs r
JOIN cell_edges e ON e.cell_exec_id = r.cell_exec_id
LEFT JOIN known k ON k.run_id = r.run_id
WHERE e.value IS NOT NULL AND NOT starts_with(e.name, 'table:') AND NOT coalesce(list_contains(k.texts, e.value), false)`
};

/** Everything that runs are told apart by: settings, and what their cells read besides. */
export const apart = `SELECT run_id, key AS name, key, value_str, value_num FROM run_settings
  UNION ALL
  SELECT run_id, key, 'read: ' || key, value, TRY_CAST(value AS DOUBLE) FROM run_inputs`;

const runsDifferingIn: Relation = {
  name: "runs_differing_in",
  kind: "table",
  parameters: ["param", "ignoring := NULL"],
  about:
    "Groups of runs that differ in this one setting and in nothing else: same experiment, code, data, other settings and " +
    "values that the cell read. 'seed' is a setting too, and the one that is mostly worth ignoring.",
  example: "FROM runs_differing_in('lr', ignoring := 'seed')",
  reads: runInputs.reads,
  sql: `WITH apart AS (
  ${apart}
), settings AS (
  SELECT s.run_id, max(s.value_str) FILTER (s.key = param) AS value, max(s.value_num) FILTER (s.key = param) AS value_num,
    list((s.key, s.value_str) ORDER BY s.key) FILTER (s.name <> param AND s.name IS DISTINCT FROM ignoring) AS others
  FROM apart s GROUP BY s.run_id
), grouped AS (
  SELECT r.run_id, r.name AS run, r.status, s.value, s.value_num, s.others,
    dense_rank() OVER (ORDER BY r.experiment_id, r.code, r.data_hash, s.others) AS family
  FROM runs r LEFT JOIN settings s ON s.run_id = r.run_id WHERE r.lifecycle_stage = 'active'
), families AS (
  SELECT g.family, count(*) AS runs FROM grouped g
  GROUP BY g.family HAVING count(DISTINCT coalesce('=' || g.value, '')) > 1
)
SELECT dense_rank() OVER (ORDER BY f.family) AS family, g.run_id, g.run, g.status, g.value, g.value_num, f.runs,
  coalesce(map_from_entries(g.others), MAP {}::MAP(VARCHAR, VARCHAR)) AS others
FROM grouped g JOIN families f ON f.family = g.family
ORDER BY family, g.value_num, g.value, g.run_id`
};

const compareRuns: Relation = {
  name: "compare_runs",
  kind: "table",
  parameters: ["run_a", "run_b"],
  about:
    "Two runs beside each other, by id or name (the newest of that name): what each was given and what it came to. " +
    "`differs` picks the rows that tell them apart.",
  example: "FROM compare_runs('baseline', 'pruned') WHERE differs",
  reads: ["runs", "params", "latest_metrics"],
  sql: `WITH chosen AS (
  SELECT side, arg_max(r.run_id, (r.run_id = wanted, r.created_at)) AS run_id
  FROM (VALUES ('a', run_a), ('b', run_b)) w(side, wanted)
  JOIN runs r ON r.run_id = wanted OR r.name = wanted GROUP BY side
), facts AS (
  SELECT c.side, 'run' AS kind, f.key, f.val FROM chosen c JOIN runs r ON r.run_id = c.run_id,
    unnest([{key: 'run_id', val: r.run_id}, {key: 'name', val: r.name}, {key: 'status', val: r.status},
      {key: 'code_sha256', val: sha256(r.code)}, {key: 'data_hash', val: r.data_hash}, {key: 'backend', val: r.backend},
      {key: 'last_step', val: r.last_step::VARCHAR}]) AS u(f)
  UNION ALL
  SELECT c.side, 'setting', s.key, s.value_str FROM chosen c JOIN run_settings s ON s.run_id = c.run_id
  UNION ALL
  SELECT c.side, 'metric', l.key, l.value::VARCHAR FROM chosen c JOIN latest_metrics l ON l.run_id = c.run_id
)
SELECT kind, key, max(val) FILTER (side = 'a') AS a, max(val) FILTER (side = 'b') AS b, a IS DISTINCT FROM b AS differs
FROM facts GROUP BY kind, key
ORDER BY CASE kind WHEN 'run' THEN 0 WHEN 'setting' THEN 1 ELSE 2 END, key`
};

/** Student's t for 95 %, by degrees of freedom from 1 to 30. */
const quantiles =
  "[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, " +
  "2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]";

const overSeeds: Relation = {
  name: "over_seeds",
  kind: "table",
  parameters: ["metric", "summary := NULL"],
  about:
    "A metric over runs that differ in nothing but the seed: mean, spread and the 95 % interval of the mean (Student's t). The " +
    "value of a run is its last, or 'best', 'min' or 'max'. Runs that ended or diverged count; a NaN shows in the mean.",
  example: "SELECT params, mean, low, high, runs FROM over_seeds('accuracy') ORDER BY mean DESC",
  reads: ["runs", "params", "latest_metrics", "metric_defs", "experiments", "cell_edges"],
  sql: `WITH apart AS (
  ${apart}
), settings AS (
  SELECT s.run_id, list((s.key, s.value_str) ORDER BY s.key) FILTER (s.name <> 'seed') AS others
  FROM apart s GROUP BY s.run_id
), measured AS (
  SELECT r.experiment_id, m.experiment, r.name, r.code, r.data_hash, s.others,
    CASE coalesce(summary, m.summary) WHEN 'best' THEN m.best_value WHEN 'min' THEN m.min_value
      WHEN 'max' THEN m.max_value ELSE m.last_value END AS x
  FROM run_metrics m JOIN runs r ON r.run_id = m.run_id LEFT JOIN settings s ON s.run_id = m.run_id
  WHERE m.key = metric AND m.status IN ('completed', 'diverged')
), spread AS (
  SELECT experiment, min(name) AS run, others, count(x) AS runs, avg(x) AS mean,
    CASE WHEN isfinite(avg(x)) THEN stddev_samp(CASE WHEN isfinite(x) THEN x END) END AS sd, min(x) AS least, max(x) AS greatest
  FROM measured GROUP BY experiment_id, experiment, code, data_hash, others
)
SELECT experiment, run, coalesce(map_from_entries(others), MAP {}::MAP(VARCHAR, VARCHAR)) AS params, runs, mean, sd,
  mean - coalesce(${quantiles}[runs - 1], 1.96) * sd / sqrt(runs) AS low,
  mean + coalesce(${quantiles}[runs - 1], 1.96) * sd / sqrt(runs) AS high, least, greatest
FROM spread ORDER BY experiment, run, others`
};

/** Runs against each other. */
export const compare: readonly Relation[] = [runSettings, runInputs, runsDifferingIn, compareRuns, overSeeds];
