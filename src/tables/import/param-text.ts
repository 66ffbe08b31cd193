import type {ParamRow} from "../schema.ts";

type Value = Pick<ParamRow, "value_str" | "value_num" | "value_type">;

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const whole = /^[+-]?\d+$/;

/** Python's and JavaScript's words for what is no number, and for infinity. */
const special: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY
};

function isJson(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What a parameter is that was kept as text, as MLflow does. The text stays as it was written. */
export function describeText(text: string): Value {
  const word = text.trim().toLowerCase();
  const as = (value_type: string, value_num: number | null = null) => ({
    value_str: text,
    value_num,
    value_type
  });
  if (number.test(word)) {
    const value = Number(word);
    return as(whole.test(word) && !Number.isSafeInteger(value) ? "bigint" : "number", value);
  }
  if (Object.hasOwn(special, word)) return as("number", special[word]);
  if (word === "true" || word === "false") return as("boolean", Number(word === "true"));
  if (word === "none" || word === "null") return as("null");
  if (isJson(text.trim())) return as("json");
  return as("string");
}

/** The value that a row of `params` tells of. */
export function paramValue({value_str, value_num, value_type}: Value): unknown {
  switch (value_type) {
    case "number":
      return value_num;
    case "boolean":
      return value_num === 1;
    case "null":
      return null;
    case "json":
      return JSON.parse(value_str);
    default:
      return value_str;
  }
}
