/** A value that JSON has no word for. */
const tagged = (tag: string, text?: string) => JSON.stringify({[`$${tag}`]: text ?? null});

/** Most characters of a small value. */
const largest = 1024;

/** Thrown when a value is too large or cannot be written. */
const NOT_SMALL = new Error("not small");

/**
 * A value as JSON, null when that is longer than 1024 characters or the value is no plain data. Equal texts mean equal
 * values: what JSON would drop or change (NaN, bigint, undefined, dates, typed arrays) is written as an object with one
 * key that begins with a dollar, e.g. `{"$number":"NaN"}`.
 */
export function smallJson(value: unknown): string | null {
  try {
    let room = largest;
    const text = write(value, (length) => {
      room -= length;
      if (room < 0) throw NOT_SMALL;
    });
    return text.length <= largest ? text : null;
  } catch {
    // Getters and proxies may throw anything; what cannot be read is not small data.
    return null;
  }
}

function write(value: unknown, spend: (length: number) => void): string {
  const text = leaf(value);
  if (text !== null) {
    spend(text.length);
    return text;
  }
  // At least the brackets; ends a cycle too.
  spend(2);
  const object = value as object;
  if (Array.isArray(object)) return `[${object.map((element) => write(element, spend)).join()}]`;
  if (ArrayBuffer.isView(object) && "length" in object) {
    const name = object.constructor.name;
    const numbers = object as unknown as ArrayLike<number | bigint>;
    spend(2 * numbers.length);
    return `{"$${name}":${write(Array.from(numbers), spend)}}`;
  }
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw NOT_SMALL;
  const fields: string[] = [];
  // Not all entries at once: there may be a million.
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    spend(key.length + 3);
    fields.push(`${JSON.stringify(key)}:${write((object as Record<string, unknown>)[key], spend)}`);
  }
  return `{${fields.join()}}`;
}

/** A value without parts; null for one that has some. */
function leaf(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      if (value.length > largest) throw NOT_SMALL;
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : tagged("number", numberText(value));
    case "bigint":
      return tagged("bigint", String(value));
    case "undefined":
      return tagged("undefined");
    case "object":
      if (value === null) return "null";
      return value instanceof Date ? tagged("date", String(value.getTime())) : null;
    default:
      throw NOT_SMALL;
  }
}

const numberText = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
