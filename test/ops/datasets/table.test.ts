import {
  Decimal,
  makeData,
  makeVector,
  Table,
  TimestampMillisecond,
  tableFromArrays,
  tableToIPC,
  vectorFromArray
} from "apache-arrow";
import * as aq from "arquero";
import {parquetWriteBuffer} from "hyparquet-writer";
import {beforeEach, describe, expect, test} from "vitest";
import {arrow, configureDatasets, DatasetError, fromTable, parquet} from "../../../src/ops/datasets/index.ts";
import {tableReaders} from "../../../src/read-table.ts";
import {bytesOf} from "./files.ts";

const columns = {size: [1.5, 2.5, 3.5], kind: ["b", "a", "b"]};
const rows = columns.size.map((size, i) => ({size, kind: columns.kind[i]}));
const table = tableFromArrays({size: Float32Array.from(columns.size), kind: columns.kind});
const file = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      {name: "size", data: columns.size, type: "DOUBLE"},
      {name: "kind", data: columns.kind, type: "STRING"}
    ]
  })
);

beforeEach(() =>
  configureDatasets({fetchBytes: () => Promise.reject(new Error("none")), tables: tableReaders})
);

describe("fromTable", () => {
  test.each<[string, unknown]>([
    ["an Arrow table", table],
    ["an Arquero table", aq.table(columns)],
    ["an array of objects", rows],
    ["columns by name", columns],
    ["a Map of columns", new Map(Object.entries(columns))],
    ["what has a Map of columns", {columns: new Map(Object.entries(columns)), rows: 3}]
  ])("takes %s", (_, given) => {
    const data = fromTable(given, {target: "kind", name: "sizes"});
    expect(data.name).toBe("sizes");
    expect(Array.from(data.inputs)).toEqual([1.5, 2.5, 3.5]);
    expect([data.classes, Array.from(data.labels)]).toEqual([
      ["a", "b"],
      [1, 0, 1]
    ]);
  });

  test("takes whole numbers beyond 32 bits, booleans and lists of numbers", () => {
    const data = fromTable(
      [
        {count: 5n, ok: true, at: [1, 2], t: 1},
        {count: 6n, ok: false, at: Float32Array.of(3, 4), t: 2}
      ],
      {target: "t"}
    );
    expect(data.features).toEqual(["count", "ok=false", "ok=true", "at[0]", "at[1]"]);
    expect(Array.from(data.inputs)).toEqual([5, 0, 1, 1, 2, 6, 1, 0, 3, 4]);
  });

  test("takes decimals of an Arrow table as numbers, as sums in SQL are", () => {
    const type = new Decimal(2, 38, 128);
    // -150, 2^64 and 7 hundredths in words of 32 bits, the lowest first.
    const words = Uint32Array.of(-150, -1, -1, -1, 0, 0, 1, 0, 7, 0, 0, 0);
    const sums = makeVector(makeData({type, length: 3, data: words}));
    const data = fromTable(new Table({sums, t: vectorFromArray([1, 2, 3])}), {target: "t"});
    expect(Array.from(data.inputs)).toEqual([-1.5, 2 ** 64 / 100, 0.07].map(Math.fround));
  });

  test("refuses times of an Arrow table, which are more than a number holds exactly", () => {
    const times = vectorFromArray([new Date(1), new Date(2)], new TimestampMillisecond());
    const given = new Table({times, t: vectorFromArray([1, 2])});
    expect(() => fromTable(given, {target: "t"})).toThrow(
      "in the column “times”, found Date. Leave it out with ignore"
    );
  });

  test("text that looks like a number stays a name in a typed table", () => {
    expect(fromTable({zip: ["01", "2"], t: [1, 2]}, {target: "t"}).features).toEqual(["zip=01", "zip=2"]);
  });

  test.each<[string, unknown, string]>([
    [
      "no table",
      7,
      "the table: expected an Arrow or Arquero table, an array of objects or columns by name, found number"
    ],
    ["an array of numbers", [1, 2], "found number"],
    ["an object of numbers", {a: 1}, "found number"],
    ["uneven columns", {a: [1, 2], t: [1]}, "expected 2 values in every column, found 1 in “t”"],
    ["no rows", {a: [], t: []}, "expected rows of data, found none"],
    [
      "dates",
      {a: [new Date(0)], t: [1]},
      "row 0: expected numbers, text, booleans or lists of numbers in the column “a”, found Date"
    ],
    ["null", {a: [1, null], t: [1, 2]}, "row 1: expected a value in the column “a”, found none"],
    ["text among numbers", {a: [1, "2"], t: [1, 2]}, "row 1: expected a number in the column “a”, found “2”"],
    [
      "a column name twice",
      {columnNames: () => ["a", "a", "t"], array: () => [1]},
      "expected different column names, found “a” twice"
    ],
    ["an infinite number", {a: [Infinity], t: [1]}, "in the column “a”, found number Infinity"],
    [
      "a whole number beyond float32",
      {a: [1, 10n ** 39n], t: [1, 2]},
      "row 1: expected a number in the column “a”"
    ],
    ["lists without numbers", {a: [[]], t: [1]}, "row 0: expected a list of 1 to 268435456 numbers"],
    [
      "lists of more than can be held",
      {a: [{length: 2 ** 40}], t: [1]},
      "expected a list of 1 to 268435456 numbers in the column “a”, found one of 1099511627776"
    ],
    [
      "lists of different lengths",
      {a: [[1], [1, 2]], t: [1, 2]},
      "row 1: expected a list of 1 numbers in the column “a”, found “1,2”"
    ]
  ])("refuses %s", (_, given, message) => {
    expect(() => fromTable(given, {target: "t"})).toThrow(DatasetError);
    expect(() => fromTable(given, {target: "t"})).toThrow(message);
  });
});

test("a table that would fill the memory one-hot is refused before it is made", () => {
  const names = Array.from({length: 300_000}, (_, i) => `c${i % 900}`);
  const given = {a: names, t: Float32Array.from(names, (_, i) => i)};
  expect(() => fromTable(given, {target: "t"})).toThrow(
    "300000 rows of 900 numbers are more than the 268435456"
  );
});

describe("files of tables", () => {
  test.each([
    ["an Arrow stream", () => arrow(tableToIPC(table, "stream"), {target: "kind"})],
    ["an Arrow file", () => arrow(tableToIPC(table, "file"), {target: "kind"})],
    ["a Parquet file", () => parquet(file, {target: "kind"})]
  ])("reads %s", async (_, read) => {
    const data = await read();
    expect(Array.from(data.inputs)).toEqual([1.5, 2.5, 3.5]);
    expect([data.classes, Array.from(data.labels)]).toEqual([
      ["a", "b"],
      [1, 0, 1]
    ]);
    expect(data.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  const footer = new DataView(file.slice().buffer);
  footer.setUint32(file.length - 8, 0xfffffff0, true);
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "CSV as Parquet",
      () => parquet(bytesOf("a,b\n1,2\n"), {target: "b"}),
      "byte 0: expected the mark “PAR1” of a Parquet file, found “a,b.”"
    ],
    ["Arrow as Parquet", () => parquet(tableToIPC(table, "file"), {target: "kind"}), "found “ARRO”"],
    [
      "Parquet as Arrow",
      () => arrow(file, {target: "kind"}),
      "byte 0: expected an Arrow IPC file (“ARROW1”) or stream (ff ff ff ff), found “PAR1"
    ],
    [
      "a Parquet file cut off",
      () => parquet(file.slice(0, -20), {target: "kind"}),
      `byte ${file.length - 24}: expected the last mark`
    ],
    [
      "a Parquet file of four bytes",
      () => parquet(bytesOf("PAR1"), {target: "kind"}),
      "expected the last mark"
    ],
    [
      "an absurd footer",
      () => parquet(new Uint8Array(footer.buffer), {target: "kind"}),
      "found a length of 4294967280"
    ],
    [
      "a damaged footer",
      () =>
        parquet(
          file.map((byte, i) => (i > 60 && i < file.length - 8 ? byte ^ 0x5a : byte)),
          {target: "kind"}
        ),
      "is damaged"
    ],
    [
      "an Arrow file cut off",
      () => arrow(tableToIPC(table, "file").slice(0, 40), {target: "kind"}),
      "is damaged"
    ],
    ["no such target", () => parquet(file, {target: "t"}), "has no column “t”; it has size, kind."]
  ])("%s", async (_, read, message) => {
    await expect(read()).rejects.toThrow(DatasetError);
    await expect(read()).rejects.toThrow(message);
  });

  test("an Arrow file with an absurd count of rows is refused before they are read", async () => {
    const bytes = tableToIPC(
      tableFromArrays({a: Float64Array.of(1, 2, 3), t: Float64Array.of(1, 2, 3)}),
      "stream"
    );
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at < bytes.length - 8; at += 8) {
      if (view.getBigInt64(at, true) === 3n) view.setBigInt64(at, 2n ** 40n, true);
    }
    const error = await arrow(bytes, {target: "t"}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain("found 1099511627776. The file is damaged");
  });

  test("a Parquet file with columns of another type names the column", async () => {
    const dates = parquetWriteBuffer({
      columnData: [
        {name: "day", data: [new Date(0), new Date(1)], type: "TIMESTAMP"},
        {name: "t", data: [1, 2], type: "INT32"}
      ]
    });
    await expect(parquet(dates, {target: "t"})).rejects.toThrow("in the column “day”, found Date");
  });

  test("without a reader it says how to give one", async () => {
    configureDatasets({fetchBytes: () => Promise.reject(new Error("none"))});
    await expect(parquet(file.slice(), {target: "kind", name: "other"})).rejects.toThrow(
      "pass one to configureDatasets({tables})"
    );
  });
});
