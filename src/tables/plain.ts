import {
  type Data,
  DataType,
  DateMillisecond,
  DateUnit,
  Float64,
  makeData,
  TimeUnit,
  Utf8,
  vectorFromArray
} from "apache-arrow";
import {decimalNumber, safeNumber} from "./decimal.ts";
import {clockText, intervalText} from "./times.ts";

const safe = BigInt(Number.MAX_SAFE_INTEGER);
const dayMs = 86_400_000n;

/** How columns of one type become columns of a type that JavaScript reads as it should. */
interface Conversion {
  /** The type in SQL's words. */
  sql: string;
  to: DataType;
  /** Whether it holds for these values; always when absent. */
  fits?(data: Data): boolean;
  convert(data: Data): Data;
}

const wordsPerDecimal = 4;

const isValid = ({nullCount, nullBitmap, offset}: Data, i: number) =>
  nullCount === 0 || !nullBitmap?.length || ((nullBitmap[(offset + i) >> 3] >> ((offset + i) % 8)) & 1) === 1;

function retyped<T extends DataType>(data: Data, type: T, values: T["TArray"]): Data {
  const {length, nullCount, nullBitmap} = data;
  return makeData({type, length, nullCount, nullBitmap, data: values} as never);
}

function numbers(data: Data, at: (row: number) => number): Data {
  return retyped(
    data,
    new Float64(),
    Float64Array.from({length: data.length}, (_, i) => at(i))
  );
}

function texts(data: Data, at: (row: number) => string): Data {
  const words = Array.from({length: data.length}, (_, i) => (isValid(data, i) ? at(i) : null));
  return vectorFromArray(words, new Utf8()).data[0];
}

const valuesOf = ({values, offset, length}: Data) => values.subarray(offset, offset + length);

const integer = (isSigned: boolean): Conversion => ({
  sql: isSigned ? "BIGINT" : "UBIGINT",
  to: new Float64(),
  fits: (data) => valuesOf(data).every((x: bigint) => x <= safe && x >= -safe),
  convert: (data) => retyped(data, new Float64(), Float64Array.from(valuesOf(data), Number))
});

function decimal(scale: number, precision: number): Conversion {
  // Rows begin at `offset`, which counts elements of the type.
  const at = ({offset}: Data, i: number) => wordsPerDecimal * (offset + i);
  return {
    sql: scale === 0 && precision === 38 ? "HUGEINT" : `DECIMAL(${precision},${scale})`,
    to: new Float64(),
    fits(data) {
      if (scale > 0) return true;
      for (let i = 0; i < data.length; i++) {
        if (isValid(data, i) && safeNumber(data.values, at(data, i)) === null) return false;
      }
      return true;
    },
    convert: (data) =>
      numbers(data, (i) => (isValid(data, i) ? decimalNumber(data.values, at(data, i), scale) : 0))
  };
}

const unitsPerSecond: Record<TimeUnit, bigint> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n
};

const date: Conversion = {
  sql: "DATE",
  to: new DateMillisecond(),
  convert: (data) => {
    const values = BigInt64Array.from(valuesOf(data), (days: number) => BigInt(days) * dayMs);
    return retyped(data, new DateMillisecond(), values);
  }
};

/** Milliseconds that no Date has, but that a number holds. */
const mostMs = 8_640_000_000_000_001n;

function wholeMs(units: bigint, unitsPerMs: bigint): bigint {
  const ms = units / unitsPerMs - (units % unitsPerMs < 0n ? 1n : 0n);
  return ms > mostMs ? mostMs : ms < -mostMs ? -mostMs : ms;
}

const timestampNames: Record<TimeUnit, string> = {
  [TimeUnit.SECOND]: "TIMESTAMP_S",
  [TimeUnit.MILLISECOND]: "TIMESTAMP_MS",
  [TimeUnit.MICROSECOND]: "TIMESTAMP",
  [TimeUnit.NANOSECOND]: "TIMESTAMP_NS"
};

/** DuckDB-WASM's own way to dates takes those inside of lists and structs for milliseconds, whatever their unit. */
const timestamp = (unit: TimeUnit, zone: string | null | undefined): Conversion => ({
  sql: zone ? "TIMESTAMP WITH TIME ZONE" : timestampNames[unit],
  to: new DateMillisecond(),
  convert: (data) => {
    const given: BigInt64Array = valuesOf(data);
    if (unit === TimeUnit.MILLISECOND) return retyped(data, new DateMillisecond(), given);
    const values =
      unit === TimeUnit.SECOND
        ? given.map((seconds) => wholeMs(seconds * 1000n, 1n))
        : given.map((units) => wholeMs(units, unitsPerSecond[unit] / 1000n));
    return retyped(data, new DateMillisecond(), values);
  }
});

const time = (unit: TimeUnit): Conversion => ({
  sql: "TIME",
  to: new Utf8(),
  convert: (data) => texts(data, (i) => clockText(BigInt(data.values[data.offset + i]), unitsPerSecond[unit]))
});

const interval: Conversion = {
  sql: "INTERVAL",
  to: new Utf8(),
  // Arrow's JavaScript takes such a value for three words; it has four: months, days and 64 bits of nanoseconds.
  convert: (data) =>
    texts(data, (i) => {
      const [months, days, low, high] = data.values.subarray(4 * (data.offset + i));
      return intervalText(months, days, (BigInt(high) << 32n) | BigInt(low >>> 0));
    })
};

/** The conversion for a type, null for those that stay. */
export function conversionOf(type: DataType): Conversion | null {
  if (DataType.isInt(type) && type.bitWidth === 64) return integer(type.isSigned);
  if (DataType.isDecimal(type)) return decimal(type.scale, type.precision);
  if (DataType.isDate(type) && type.unit === DateUnit.DAY) return date;
  if (DataType.isTimestamp(type)) return timestamp(type.unit, type.timezone);
  if (DataType.isTime(type)) return time(type.unit);
  return DataType.isInterval(type) ? interval : null;
}
