import {toJSON} from "../parameters.ts";
import type {ParamRow} from "../schema.ts";
import {ImportError} from "./import-error.ts";
import {describeText} from "./param-text.ts";

interface Distribution {
  name: string;
  attributes: {choices?: readonly unknown[]};
}

function parse(where: string, json: string): Distribution {
  try {
    const value = JSON.parse(json) as Distribution;
    if (typeof value?.name === "string") return {...value, attributes: value.attributes ?? {}};
  } catch {
    // Said below.
  }
  throw new ImportError(
    `${where} has the distribution ${json.slice(0, 60)}. Expected JSON with a name and attributes.`
  );
}

type Value = Pick<ParamRow, "value_str" | "value_num" | "value_type">;

function describe(value: unknown): Value {
  if (typeof value === "string") return {...describeText(value), value_type: "string", value_num: null};
  return describeText(value === null ? "null" : toJSON(value));
}

/** The value of a parameter: Optuna keeps a number, which for a categorical one is the place among its choices. */
export function optunaParam(where: string, stored: number, json: string): Value {
  const {choices} = parse(where, json).attributes;
  if (!choices) return describeText(String(stored));
  if (!(stored in choices)) {
    throw new ImportError(
      `${where} is choice ${stored}, and its distribution has ${choices.length} choices.`
    );
  }
  return describe(choices[stored]);
}
