import {intermediateKey} from "../import/optuna.ts";
import {paramValue} from "../import/param-text.ts";
import {formatTime} from "../import/times.ts";
import type {Row} from "../schema.ts";
import {SqliteFile, type SqlValue} from "../sqlite.ts";
import {ExportError} from "./export-error.ts";
import {optunaSchema} from "./optuna-schema.ts";
import {experimentsOf, type RunReader, type StoredMetrics, type StoredRun} from "./run-reader.ts";

/** What a study optimises: a metric, and which direction is good. */
export interface Objective {
  metric: string;
  goal: "minimize" | "maximize";
}

const distributionTag = "optuna.distribution.";
const states = {
  FINISHED: "COMPLETE",
  FAILED: "FAIL",
  KILLED: "PRUNED",
  RUNNING: "RUNNING",
  SCHEDULED: "WAITING"
} as const;

/** A parameter's value as JSON can say it. */
function plainValue(param: Row<"params">): unknown {
  const value = paramValue(param);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** NULL and a word, where SQL databases have no number. */
function stored(value: number): [SqlValue, string] {
  if (Number.isNaN(value)) return [null, "NAN"];
  return Number.isFinite(value) ? [value, "FINITE"] : [null, value > 0 ? "INF_POS" : "INF_NEG"];
}

/** The distributions of a study's parameters: those that Optuna gave, else the range or the words that were tried. */
class Distributions {
  private readonly byName = new Map<string, {json: string; choices: string[] | null}>();

  constructor(runs: readonly StoredRun[]) {
    const names = new Set(runs.flatMap(({params}) => params.map(({key}) => key)));
    for (const name of names) {
      const given = runs
        .map(({run}) => run.tags.get(distributionTag + name))
        .find((json) => json !== undefined);
      const values = runs.flatMap(({params}) => params.filter(({key}) => key === name).map(plainValue));
      this.byName.set(name, given === undefined ? fromValues(values) : fromJson(given));
    }
  }

  /** What Optuna keeps of a value: the number, or the place among the choices. */
  row(trial: number, param: Row<"params">): SqlValue[] {
    const {json, choices} = this.byName.get(param.key) ?? fromValues([plainValue(param)]);
    const value = choices ? choices.indexOf(JSON.stringify(plainValue(param))) : Number(plainValue(param));
    return [trial, param.key, value, json];
  }
}

const choicesOf = (choices: readonly unknown[]) => choices.map((choice) => JSON.stringify(choice));

function fromJson(json: string) {
  const {attributes} = JSON.parse(json) as {attributes: {choices?: unknown[]}};
  return {json, choices: attributes.choices ? choicesOf(attributes.choices) : null};
}

function fromValues(values: readonly unknown[]) {
  const numbers = values.filter(
    (value): value is number => typeof value === "number" && Number.isFinite(value)
  );
  if (numbers.length < values.length) {
    const choices = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
    return {
      json: JSON.stringify({name: "CategoricalDistribution", attributes: {choices}}),
      choices: choicesOf(choices)
    };
  }
  const low = numbers.reduce((least, value) => Math.min(least, value));
  const high = numbers.reduce((most, value) => Math.max(most, value));
  const [name, step] = numbers.every(Number.isSafeInteger)
    ? ["IntDistribution", 1]
    : ["FloatDistribution", null];
  return {json: JSON.stringify({name, attributes: {step, low, high, log: false}}), choices: null};
}

/** The objectives of a study: the metrics that the experiment says a direction of, else what was given. */
function objectivesOf(experiment: Row<"experiments">, reader: RunReader, given?: Objective): Objective[] {
  const found = reader.metricDefs
    .filter(
      ({experiment_id, key, goal}) =>
        experiment_id === experiment.experiment_id && goal && key !== intermediateKey
    )
    .map(({key, goal}): Objective => ({metric: key, goal: goal ?? "minimize"}));
  if (found.length > 0) return found;
  if (given) return [given];
  throw new ExportError(
    `Optuna's studies have an objective, and no metric of ${experiment.name} has a goal in metric_defs. Give the option objective, e.g. {metric: "loss", goal: "minimize"}.`
  );
}

const lastOf = ({key, value}: StoredMetrics, metric: string) => {
  const at = key.lastIndexOf(metric);
  return at === -1 ? undefined : value[at];
};

/** What a trial reported on its way: the curve of the objective if it has more than its end, unless the run has Optuna's own. One value a step. */
function intermediate({key, step, value}: StoredMetrics, objective: string): Map<number, number> {
  const name = key.includes(intermediateKey) ? intermediateKey : objective;
  const curve = new Map<number, number>();
  key.forEach((each, i) => {
    if (each === name) curve.set(Math.round(step[i]), value[i]);
  });
  return name === objective && curve.size < 2 ? new Map() : curve;
}

class StudyWriter {
  private readonly database: SqliteFile;
  private readonly reader: RunReader;
  private trials = 0;

  constructor(database: SqliteFile, reader: RunReader) {
    this.database = database;
    this.reader = reader;
  }

  async write(
    study: number,
    name: string,
    runs: readonly StoredRun[],
    objectives: readonly Objective[]
  ): Promise<void> {
    const {database} = this;
    database.insert("studies", ["study_id", "study_name"], [[study, name]]);
    const directions = objectives.map(({goal}, i) => [goal.toUpperCase(), study, i]);
    database.insert("study_directions", ["direction", "study_id", "objective"], directions);
    if (objectives.length > 1 || objectives[0].metric !== "value") {
      const names = JSON.stringify(objectives.map(({metric}) => metric));
      database.insert(
        "study_system_attributes",
        ["study_id", "key", "value_json"],
        [[study, "study:metric_names", names]]
      );
    }
    const distributions = new Distributions(runs);
    for (const [number, run] of runs.entries())
      await this.writeTrial(study, number, run, objectives, distributions);
  }

  private async writeTrial(
    study: number,
    number: number,
    {run, params}: StoredRun,
    objectives: readonly Objective[],
    distributions: Distributions
  ): Promise<void> {
    const {database} = this;
    const trial = ++this.trials;
    const metrics = await this.reader.metrics(run.run_id);
    const finals = objectives.map(({metric}) => lastOf(metrics, metric));
    const isComplete = finals.every((value) => value !== undefined && !Number.isNaN(value));
    const state = run.mlflow_status === "FINISHED" && !isComplete ? "FAIL" : states[run.mlflow_status];
    const time = (date: Date | null) => (date === null ? null : formatTime(Number(date)));
    database.insert(
      "trials",
      ["trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete"],
      [[trial, number, study, state, time(run.start_time ?? run.created_at), time(run.end_time)]]
    );
    const paramColumns = ["trial_id", "param_name", "param_value", "distribution_json"];
    database.insert(
      "trial_params",
      paramColumns,
      params.map((param) => distributions.row(trial, param))
    );
    if (isComplete && state === "COMPLETE") {
      const values = finals.map((value, i) => [trial, i, ...stored(value ?? 0)]);
      database.insert("trial_values", ["trial_id", "objective", "value", "value_type"], values);
    }
    const steps = Array.from(intermediate(metrics, objectives[0].metric), ([step, value]) => [
      trial,
      step,
      ...stored(value)
    ]);
    const stepColumns = ["trial_id", "step", "intermediate_value", "intermediate_value_type"];
    database.insert("trial_intermediate_values", stepColumns, steps);
    const others = new Set(
      metrics.key.filter((key) => key !== intermediateKey && !objectives.some(({metric}) => metric === key))
    );
    const attributes = [
      ["petri.name", run.name],
      ...Array.from(run.tags).filter(([key]) => !key.startsWith("optuna.")),
      ...Array.from(others, (key) => [key, lastOf(metrics, key) ?? null] as const)
    ].map(([key, value]) => [
      trial,
      String(key),
      JSON.stringify(typeof value === "number" && !Number.isFinite(value) ? String(value) : value)
    ]);
    database.insert("trial_user_attributes", ["trial_id", "key", "value_json"], attributes);
  }
}

/**
 * A database of Optuna: an experiment is a study, a run a trial. Its value is the objective's last, its intermediate values the
 * objective's curve; other metrics go as user attributes with their last value.
 * @throws ExportError when nothing says what is optimised.
 */
export async function optunaFile(reader: RunReader, objective?: Objective): Promise<File> {
  const database = await SqliteFile.open();
  try {
    database.run(optunaSchema);
    const writer = new StudyWriter(database, reader);
    const names = new Set<string>();
    for (const [i, experiment] of experimentsOf(reader).entries()) {
      const name = names.has(experiment.name)
        ? `${experiment.name} (${experiment.experiment_id})`
        : experiment.name;
      names.add(name);
      const runs = reader.runs.filter(({run}) => run.experiment_id === experiment.experiment_id);
      await writer.write(i + 1, name, runs, objectivesOf(experiment, reader, objective));
    }
    return new File([database.toBytes() as Uint8Array<ArrayBuffer>], "optuna.db", {
      type: "application/vnd.sqlite3"
    });
  } finally {
    database.close();
  }
}
