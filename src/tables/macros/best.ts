import type {Relation} from "./relation.ts";

/** Words in a metric's name that say which direction is good. */
const minimized = "loss|error|err|mse|mae|rmse|nll|ppl|perplexity|entropy|wer|cer|fid|divergence|regret";
const maximized =
  "acc|accuracy|f1|auc|auroc|precision|recall|r2|reward|return|score|bleu|rouge|iou|psnr|ssim|likelihood";

/** Splits `testAccuracy` and `val/top1_acc` into words, so that `perplexity` is no `exit`. */
const words = String.raw`lower(regexp_replace(metric, '([a-z0-9])([A-Z])', '\1_\2', 'g'))`;
const hasWord = (list: string) => `regexp_matches(${words}, '(^|[^a-z0-9])(${list})([^a-z]|$)')`;

const metricGoal: Relation = {
  name: "metric_goal",
  kind: "scalar",
  parameters: ["metric"],
  about: "Guesses from a metric's name whether less or more is better; NULL when the name does not say.",
  example: "SELECT metric_goal('val/loss')",
  reads: [],
  sql: `CASE WHEN ${hasWord(minimized)} THEN 'minimize' WHEN ${hasWord(maximized)} THEN 'maximize' END`
};

const runParams: Relation = {
  name: "run_params",
  kind: "view",
  about: "One row a run: its parameters by name, as text.",
  example: "SELECT params['lr'] FROM run_params",
  reads: ["params"],
  sql: `SELECT run_id, map_from_entries(list((key, value_str) ORDER BY key)) AS params
FROM params GROUP BY run_id`
};

export const runMetrics: Relation = {
  name: "run_metrics",
  kind: "view",
  about:
    "One row a run and metric: last, best, least and greatest value beside each other, with the steps they were at. " +
    "Best follows the metric's declared goal, else the one its name suggests (goal_is_guess). NaN is never best.",
  example: "SELECT run, best_value, best_step, last_value FROM run_metrics WHERE key = 'loss'",
  reads: ["runs", "params", "latest_metrics", "metric_defs", "experiments"],
  sql: `WITH goals AS (
  SELECT r.run_id, r.name AS run, e.name AS experiment, r.notebook, r.status, r.seed, r.created_at, l.*,
    coalesce(d.goal, metric_goal(l.key)) AS goal, d.goal IS NULL AS goal_is_guess, d.unit, d.summary
  FROM latest_metrics l
  JOIN runs r ON r.run_id = l.run_id AND r.lifecycle_stage = 'active'
  LEFT JOIN experiments e ON e.experiment_id = r.experiment_id
  LEFT JOIN metric_defs d ON d.experiment_id = r.experiment_id AND d.key = l.key
), bests AS (
  SELECT *, CASE goal WHEN 'minimize' THEN min_value WHEN 'maximize' THEN max_value END AS best_value,
    CASE goal WHEN 'minimize' THEN min_step WHEN 'maximize' THEN max_step END AS best_step
  FROM goals
)
SELECT b.run_id, b.run, b.experiment, b.notebook, b.status, b.seed, b.created_at, b.key, b.unit,
  b.value AS last_value, b.step AS last_step, b.best_value, b.best_step,
  b.min_value, b.min_step, b.max_value, b.max_step, b.n,
  CASE b.summary WHEN 'best' THEN b.best_value WHEN 'min' THEN b.min_value WHEN 'max' THEN b.max_value
    ELSE b.value END AS summary_value,
  coalesce(b.summary, 'last') AS summary, b.goal, b.goal_is_guess,
  coalesce(p.params, MAP {}::MAP(VARCHAR, VARCHAR)) AS params
FROM bests b LEFT JOIN run_params p ON p.run_id = b.run_id`
};

const bestRuns: Relation = {
  name: "best_runs",
  kind: "table",
  parameters: ["metric", "how_many := 10", "direction := NULL"],
  about:
    "The runs with the best value of a metric, best first. The direction is the metric's goal; name it where that is unknown.",
  example: "FROM best_runs('accuracy', how_many := 3)",
  reads: runMetrics.reads,
  sql: `SELECT rank() OVER (ORDER BY x.ordering NULLS LAST) AS place, x.* EXCLUDE (ordering)
FROM (
  SELECT m.run_id, m.run, m.status,
    CASE coalesce(direction, m.goal) WHEN 'minimize' THEN m.min_value WHEN 'maximize' THEN m.max_value END AS value,
    CASE coalesce(direction, m.goal) WHEN 'minimize' THEN m.min_step WHEN 'maximize' THEN m.max_step END AS step,
    m.last_value, m.last_step, m.seed, m.params,
    CASE coalesce(direction, m.goal) WHEN 'minimize' THEN m.min_value WHEN 'maximize' THEN -m.max_value END AS ordering
  FROM run_metrics m WHERE m.key = metric
) x
QUALIFY row_number() OVER (ORDER BY x.ordering NULLS LAST, x.run_id) <= how_many
ORDER BY place, run_id`
};

/** What is the best a run did, and which run did best. */
export const best: readonly Relation[] = [metricGoal, runParams, runMetrics, bestRuns];
