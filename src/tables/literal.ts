import {ParameterError} from "./errors.ts";

const hugeintLimit = 2n ** 127n;

/** Element types of lists by the typed array that holds them. */
const listTypes: Record<string, string> = {
  Int8Array: "TINYINT",
  Int16Array: "SMALLINT",
  Int32Array: "INTEGER",
  BigInt64Array: "BIGINT",
  Uint16Array: "USMALLINT",
  Uint32Array: "UINTEGER",
  BigUint64Array: "UBIGINT",
  Float32Array: "FLOAT",
  Float64Array: "DOUBLE"
};

const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`;

function bytesLiteral(bytes: Uint8Array): string {
  return `CAST('${Array.from(bytes, hex).join("")}' AS BLOB)`;
}

/** @throws ParameterError for a text that UTF-8 has no bytes for; it would be another one in the database. */
function checkText(text: string): void {
  const at = text.search(/\p{Surrogate}/u);
  if (at < 0) return;
  throw new ParameterError(
    `The text has half of a surrogate pair at ${at}, which is no character. Use text.toWellFormed(), or bind bytes.`
  );
}

/** A NUL would end the statement: DuckDB reads SQL as a C string. */
function stringLiteral(text: string): string {
  checkText(text);
  const parts = text.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? `(${parts[0]})` : `(${parts.join(" || chr(0) || ")})`;
}

/** Whether an integer column holds it: there is no -0 among integers. */
const isWhole = (x: unknown) => Number.isSafeInteger(x) && !Object.is(x, -0);

function numberLiteral(x: number): string {
  if (isWhole(x)) return `(${x})`;
  if (!Number.isFinite(x) || x === 0) return `CAST('${Object.is(x, -0) ? "-0" : x}' AS DOUBLE)`;
  const text = String(x);
  return text.includes("e") ? `(${text})` : `(${text}e0)`; // without an exponent it would be a decimal
}

function bigintLiteral(x: bigint): string {
  if (x >= hugeintLimit || x < -hugeintLimit) {
    throw new ParameterError(`SQL integers have 128 bits; ${x} does not fit. Bind it as a string.`);
  }
  return `CAST('${x}' AS ${BigInt.asIntN(64, x) === x ? "BIGINT" : "HUGEINT"})`;
}

function dateLiteral(date: Date): string {
  if (Number.isNaN(+date))
    throw new ParameterError("An invalid Date cannot be bound to SQL; bind null instead.");
  return `make_timestamp(${BigInt(+date) * 1000n})`;
}

/** Numbers as the text of a list: one string is read far faster than an expression of many literals. */
function numberList(values: ArrayLike<number | bigint | null>, type: string): string {
  const text = (x: number | bigint | null) =>
    x === null || x === undefined ? "NULL" : Object.is(x, -0) ? "-0" : x;
  return `CAST('[${Array.from(values, text).join(",")}]' AS ${type}[])`;
}

function arrayLiteral(values: readonly unknown[]): string {
  const present = values.filter((x) => x !== null && x !== undefined);
  if (present.length > 0 && present.every((x) => typeof x === "number")) {
    return numberList(values as number[], present.every(isWhole) ? "BIGINT" : "DOUBLE");
  }
  return `[${values.map(literal).join(", ")}]`;
}

function fieldName(name: string): string {
  checkText(name);
  if (name.includes("\0"))
    throw new ParameterError("The name of a field has a NUL in it, which SQL does not take.");
  return `'${name.replaceAll("'", "''")}'`;
}

function objectLiteral(value: object): string {
  if (value instanceof Map) {
    return `MAP {${[...value].map(([key, item]) => `${literal(key)}: ${literal(item)}`).join(", ")}}`;
  }
  const plain = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
  if (plain !== value && (typeof plain !== "object" || plain === null)) return literal(plain);
  const entries = Object.entries(plain);
  if (entries.length === 0) throw new ParameterError("An object without fields cannot be bound to SQL.");
  const fields = entries.map(([key, item]) => `${fieldName(key)}: ${literal(item)}`);
  return `{${fields.join(", ")}}`;
}

/**
 * A value as one closed SQL expression of its type: numbers INTEGER, BIGINT or DOUBLE (NaN and infinities too), bigints
 * BIGINT or HUGEINT, strings VARCHAR (NUL too), dates TIMESTAMP in UTC, Uint8Array and ArrayBuffer BLOB, arrays, sets
 * and typed arrays lists, Map MAP, other objects STRUCT, null and undefined NULL.
 * @throws ParameterError for what SQL has no value for (functions, symbols, invalid dates).
 */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  switch (typeof value) {
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "number":
      return numberLiteral(value);
    case "bigint":
      return bigintLiteral(value);
    case "string":
      return stringLiteral(value);
    case "object":
      break;
    default:
      throw new ParameterError(
        `A ${typeof value} cannot be bound to SQL; bind a number, string, date or list.`
      );
  }
  if (value instanceof Date) return dateLiteral(value);
  if (value instanceof ArrayBuffer) return bytesLiteral(new Uint8Array(value));
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray) {
    return bytesLiteral(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return numberList(value as Float64Array, listTypes[value.constructor.name] ?? "DOUBLE");
  }
  if (Array.isArray(value) || value instanceof Set) return arrayLiteral([...value]);
  return objectLiteral(value);
}

/** A name as SQL takes it, whatever characters it has. */
export function identifier(name: string): string {
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw new ParameterError(
      `Expected the name of a table or column, got ${JSON.stringify(name) ?? String(name)}.`
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
