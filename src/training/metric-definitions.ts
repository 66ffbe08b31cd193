import {TrainOptionError} from "./errors.ts";
import type {MetricDefinition} from "./types.ts";

const goals: readonly unknown[] = ["minimize", "maximize"];
const summaries: readonly unknown[] = ["last", "min", "max", "best"];
const fields: readonly string[] = ["unit", "goal", "summary", "stepKey"];

/** Checks what train() was told of metrics. @throws TrainOptionError naming the metric and the field. */
export function checkDefinitions(metrics: Readonly<Record<string, MetricDefinition>>): void {
  for (const [name, definition] of Object.entries(metrics)) {
    const at = `metrics.${name}`;
    if (typeof definition !== "object" || definition === null) {
      throw new TrainOptionError(`${at} must be an object such as {goal: "maximize", unit: "%"}.`);
    }
    for (const field of Object.keys(definition)) {
      if (!fields.includes(field)) {
        throw new TrainOptionError(`${at} has no field ${field}; it has ${fields.join(", ")}.`);
      }
    }
    const {unit, goal, summary, stepKey} = definition;
    check(unit === undefined || typeof unit === "string", `${at}.unit`, "text such as ms", unit);
    check(goal === undefined || goals.includes(goal), `${at}.goal`, "minimize or maximize", goal);
    check(
      summary === undefined || summaries.includes(summary),
      `${at}.summary`,
      "last, min, max or best",
      summary
    );
    check(
      stepKey === undefined || typeof stepKey === "string",
      `${at}.stepKey`,
      "the name of a metric",
      stepKey
    );
    if (summary === "best" && goal === undefined) {
      throw new TrainOptionError(
        `${at}.summary is best, and which value is best needs a goal: minimize or maximize.`
      );
    }
  }
}

function check(isRight: boolean, at: string, expected: string, value: unknown): void {
  if (!isRight) throw new TrainOptionError(`${at} must be ${expected}; it is ${String(value)}.`);
}
