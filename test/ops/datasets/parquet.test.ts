// Parquet files whose footers or pages say what is not so: nothing is read on the word of a footer alone.
import {type FileMetaData, parquetMetadata} from "hyparquet";
import {ByteWriter, ParquetWriter, schemaFromColumnData} from "hyparquet-writer";
import {beforeEach, describe, expect, test} from "vitest";
import {configureDatasets, DatasetError, parquet} from "../../../src/ops/datasets/index.ts";
import {tableReaders} from "../../../src/read-table.ts";
import {checkParquet} from "../../../src/tables/import/check-parquet.ts";
import {readPageHeader} from "../../../src/tables/import/page-header.ts";

const columnData = [
  {name: "a", data: [1.5, 2.5, 3.5], type: "DOUBLE"},
  {name: "t", data: [7, 7, 7], type: "INT32"}
] as const;

/** A file of three rows whose footer has been changed before it was written. */
function written(change: (writer: ParquetWriter) => void, codec: "SNAPPY" | "UNCOMPRESSED" = "SNAPPY") {
  const bytes = new ByteWriter();
  const data = columnData.map((column) => ({...column, data: [...column.data]}));
  const schema = schemaFromColumnData({columnData: data});
  const writer = new ParquetWriter({writer: bytes, schema, codec, statistics: false});
  writer.write({columnData: data});
  change(writer);
  writer.finish();
  return new Uint8Array(bytes.getBuffer());
}

const metaOf = (writer: ParquetWriter, column = 0) => {
  const meta = writer.row_groups[0]?.columns[column]?.meta_data;
  if (!meta) throw new Error("no column");
  return meta;
};

const claimRows = (writer: ParquetWriter, rows: bigint) => {
  writer.num_rows = rows;
  if (writer.row_groups[0]) writer.row_groups[0].num_rows = rows;
};

beforeEach(() =>
  configureDatasets({fetchBytes: () => Promise.reject(new Error("none")), tables: tableReaders})
);

describe("a Parquet file", () => {
  test("is read in several row groups, with what is missing", async () => {
    const bytes = new ByteWriter();
    const data = [
      {name: "a", data: Array.from({length: 25}, (_, i) => (i === 13 ? null : i)), type: "DOUBLE" as const},
      {name: "t", data: Array.from({length: 25}, (_, i) => 100 + i), type: "INT32" as const}
    ];
    const writer = new ParquetWriter({writer: bytes, schema: schemaFromColumnData({columnData: data})});
    writer.write({columnData: data, rowGroupSize: 10});
    writer.finish();
    const read = await parquet(new Uint8Array(bytes.getBuffer()), {target: "t", missing: "drop"});
    const kept = Array.from({length: 25}, (_, i) => i).filter((i) => i !== 13);
    expect(Array.from(read.inputs)).toEqual(kept);
    expect(Array.from(read.targets ?? [], (value) => value - 100)).toEqual(kept);
  });

  test.each<[string, (writer: ParquetWriter) => void, string]>([
    ["an absurd count of rows", (w) => claimRows(w, 10n ** 15n), "expected 1000000000000000 values in “a”"],
    ["a count of rows below zero", (w) => claimRows(w, -1n), "expected -1 values in “a”, one a row, found 3"],
    [
      "an absurd count of rows in its row group alone",
      (w) => {
        if (w.row_groups[0]) w.row_groups[0].num_rows = 10n ** 15n;
      },
      "expected 1000000000000000 rows as in its row groups, found 3 in the footer"
    ],
    [
      "an absurd count of rows and values",
      (w) => {
        claimRows(w, 2n ** 40n);
        for (const column of [0, 1]) metaOf(w, column).num_values = 2n ** 40n;
      },
      "expected 1099511627776 values in “a” as its footer says, found 3 in its pages"
    ],
    [
      "pages beyond the end",
      (w) => {
        metaOf(w).total_compressed_size = 10n ** 9n;
      },
      "expected the pages of “a” between the bytes 4 and"
    ],
    [
      "pages before the beginning",
      (w) => {
        metaOf(w).data_page_offset = -5n;
      },
      "found -5 to"
    ],
    [
      "pages cut short",
      (w) => {
        metaOf(w).total_compressed_size -= 4n;
      },
      "expected a page of “a” that ends by byte"
    ]
  ])("with %s is damaged", async (_, change, message) => {
    const error = await parquet(written(change), {target: "t"}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
    expect(error.message).toContain("copy it again");
  });

  test("whose page claims more values than its footer is damaged", async () => {
    const file = written(() => {}, "UNCOMPRESSED");
    const start = Number(parquetMetadata(file).row_groups[0]?.columns[0]?.meta_data?.data_page_offset);
    // Field 8, a struct, whose field 1 is 3 in zigzag.
    const at = file.findIndex((_, i) => i > start && file.slice(i, i + 3).join() === "92,21,6");
    expect(readPageHeader(file, start).values).toBe(3);
    file[at + 2] = 100;
    await expect(parquet(file, {target: "t"})).rejects.toThrow(
      "expected 3 values in “a” as its footer says, found 50 in its pages"
    );
  });

  test("that holds more than can be read says what to do", () => {
    const bytes = written(() => {});
    const file = {name: "large.parquet", bytes, modifiedMs: 0};
    const check = (limits: {values: number; bytes: number}) =>
      checkParquet(file, parquetMetadata(bytes) as FileMetaData, limits);
    expect(() => check({values: 6, bytes: 1000})).not.toThrow();
    expect(() => check({values: 5, bytes: 1000})).toThrow(
      /large\.parquet: expected at most 5 values in 1000 bytes when unpacked, found 6 in \d+ \(3 rows\)\. Write it as several files/
    );
    expect(() => check({values: 6, bytes: 10})).toThrow("expected at most 6 values in 10 bytes");
  });

  test("with values of no bytes is damaged", () => {
    const bytes = written(() => {});
    const footer = parquetMetadata(bytes);
    Object.assign(footer.schema[1] ?? {}, {type: "FIXED_LEN_BYTE_ARRAY", type_length: 0});
    expect(() => checkParquet({name: "x", bytes, modifiedMs: 0}, footer)).toThrow(
      "expected values of at least one byte in “a”"
    );
  });
});

test.each<[string, number[], string]>([
  ["that ends", [0x15, 0, 0x15], "the end within a page's header"],
  ["with a field of no type", [0x1d, 0], "a field of the unknown type 13"],
  ["without sizes", [0x15, 0, 0], "undefined in field 2"],
  ["with fewer nulls than none", [0x15, 6, 0x15, 20, 0x15, 20, 0x5c, 0x15, 6, 0x15, 1, 0, 0], "-1 in field 2"]
])("a page's header %s is refused", (_, bytes, message) => {
  expect(() => readPageHeader(Uint8Array.from(bytes), 0)).toThrow(RangeError);
  expect(() => readPageHeader(Uint8Array.from(bytes), 0)).toThrow(message);
});
