import type {ParamRow} from "./schema.ts";

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What JSON cannot say in its own words it says as text, so that nothing is lost silently. */
export function toJSON(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => {
    if (typeof inner === "bigint" || (typeof inner === "number" && !Number.isFinite(inner)))
      return String(inner);
    return ArrayBuffer.isView(inner) && !(inner instanceof DataView)
      ? Array.from(inner as Float64Array)
      : inner;
  });
  return text ?? String(value);
}

type Value = Pick<ParamRow, "value_str" | "value_num" | "value_type">;

function describe(value: unknown): Value {
  if (value === null || value === undefined) return {value_str: "null", value_num: null, value_type: "null"};
  if (value instanceof Date) {
    const text = Number.isNaN(+value) ? "Invalid Date" : value.toISOString();
    return {value_str: text, value_num: +value, value_type: "date"};
  }
  switch (typeof value) {
    case "number":
      return {value_str: String(value), value_num: value, value_type: "number"};
    case "bigint":
      return {value_str: String(value), value_num: Number(value), value_type: "bigint"};
    case "boolean":
      return {value_str: String(value), value_num: Number(value), value_type: "boolean"};
    case "string":
      return {value_str: value, value_num: null, value_type: "string"};
    default:
      return {value_str: toJSON(value), value_num: null, value_type: "json"};
  }
}

/** The rows of `params` for the parameters of one run: one a leaf, nested objects as paths with dots, arrays as JSON. */
export function paramRows(runId: string, params: Readonly<Record<string, unknown>>, path = ""): ParamRow[] {
  return Object.entries(params).flatMap(([name, value]) =>
    isPlain(value) && Object.keys(value).length > 0
      ? paramRows(runId, value, `${path}${name}.`)
      : [{run_id: runId, key: path + name, ...describe(value)}]
  );
}
