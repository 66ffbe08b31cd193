import * as arrow from "apache-arrow";
import {strToU8, zipSync} from "fflate";
import {describe, expect, test} from "vitest";
import {FileNotFoundError, fileAttachments} from "../../src/cells/library/file/file-attachment.ts";
import type {DelimitedOptions} from "../../src/cells/library/file/notebook-file.ts";
import parquetUrl from "../fixtures/library/rows.parquet?url";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>day</t></is></c></row>
<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2"><v>1.5</v></c><c r="C2" s="1"><v>45351</v></c><c r="D2" t="b"><v>1</v></c></row>
<row r="4"><c r="A4" t="str"><f>A2</f><v>calc</v></c><c r="B4" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="C4" t="e"><v>#N/A</v></c></row>
</sheetData></worksheet>`;

const workbook = zipSync({
  "xl/workbook.xml": strToU8(
    `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Runs" sheetId="1" r:id="rId7"/></sheets></workbook>`
  ),
  "xl/_rels/workbook.xml.rels": strToU8(
    `<Relationships><Relationship Id="rId7" Target="worksheets/sheet1.xml"/></Relationships>`
  ),
  "xl/sharedStrings.xml": strToU8(
    `<sst><si><t>name</t></si><si><r><t>lo</t></r><r><t>ss</t></r></si><si><t>first</t></si></sst>`
  ),
  "xl/styles.xml": strToU8(
    `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`
  ),
  "xl/worksheets/sheet1.xml": strToU8(sheet)
});

const table = arrow.tableFromArrays({step: Int32Array.of(1, 2, 3), loss: Float32Array.of(0.5, 0.25, 0.125)});

const files: Record<string, BodyInit> = {
  "rows.csv": "name,count,day\na,1,2024-02-29\nb,2,2024-03-01\n",
  "rows.tsv": "name\tcount\na\t1\n",
  "rows.json": `{"rows": 3}`,
  "latin.txt": Uint8Array.of(0x63, 0x61, 0x66, 0xe9),
  "page.html": "<title>Hello</title>",
  "data.xml": "<root><leaf/></root>",
  "rows.arrow": arrow.tableToIPC(table, "file") as Uint8Array<ArrayBuffer>,
  "book.xlsx": workbook as Uint8Array<ArrayBuffer>,
  "all.zip": zipSync({
    "data/rows.csv": strToU8("x\n1\n"),
    "data/": new Uint8Array()
  }) as Uint8Array<ArrayBuffer>
};

const FileAttachment = fileAttachments({
  baseUrl: () => "http://files/notebooks/tour.html",
  arrow: () => Promise.resolve(arrow),
  fetch: (request) => {
    const body = files[String(request).replace("http://files/notebooks/", "")];
    return Promise.resolve(body === undefined ? new Response("", {status: 404}) : new Response(body));
  }
});

describe("FileAttachment", () => {
  test("is one object a name, and knows its type and address", async () => {
    const file = FileAttachment("rows.csv");
    expect(FileAttachment("./rows.csv")).toBe(file);
    expect(file).toBeInstanceOf(FileAttachment);
    expect([file.name, file.mimeType, await file.url()]).toEqual([
      "rows.csv",
      "text/csv",
      "http://files/notebooks/rows.csv"
    ]);
  });

  test.each<[DelimitedOptions, unknown]>([
    [{}, {name: "a", count: "1", day: "2024-02-29"}],
    [{typed: true}, {name: "a", count: 1, day: new Date("2024-02-29")}],
    [{typed: "auto"}, {name: "a", count: 1, day: new Date("2024-02-29")}],
    [{array: true}, ["name", "count", "day"]]
  ])("reads delimited text with %j", async (options, first) => {
    expect((await FileAttachment("rows.csv").csv(options))[0]).toEqual(first);
  });

  test("keeps the columns' names", async () => {
    expect(((await FileAttachment("rows.csv").csv()) as unknown[] & {columns: string[]}).columns).toEqual([
      "name",
      "count",
      "day"
    ]);
    expect([...(await FileAttachment("rows.tsv").tsv({typed: true}))]).toEqual([{name: "a", count: 1}]);
  });

  test("reads text, bytes, JSON and documents", async () => {
    expect(await FileAttachment("latin.txt").text("latin1")).toBe("café");
    expect((await FileAttachment("latin.txt").arrayBuffer()).byteLength).toBe(4);
    expect((await FileAttachment("latin.txt").blob()).size).toBe(4);
    expect(await FileAttachment("rows.json").json()).toEqual({rows: 3});
    expect((await FileAttachment("page.html").html()).title).toBe("Hello");
    expect((await FileAttachment("data.xml").xml()).documentElement.localName).toBe("root");
    const reader = (await FileAttachment("latin.txt").stream())?.getReader();
    expect((await reader?.read())?.value).toHaveLength(4);
  });

  test("reads Arrow, and tables for Arquero from text and from Arrow", async () => {
    const rows = (await FileAttachment("rows.arrow").arrow()) as typeof table;
    expect([rows.numRows, rows.get(2)?.loss]).toEqual([3, 0.125]);
    type Arquero = {numRows(): number; columnNames(): string[]};
    expect(((await FileAttachment("rows.csv").arquero()) as Arquero).columnNames()).toEqual([
      "name",
      "count",
      "day"
    ]);
    expect(((await FileAttachment("rows.arrow").arquero()) as Arquero).numRows()).toBe(3);
    await expect(FileAttachment("latin.txt").arquero()).rejects.toThrow("cannot be read as an Arquero table");
  });

  test("reads archives, whose files are read like attachments", async () => {
    const zip = (await FileAttachment("all.zip").zip()) as {
      filenames: string[];
      file(name: string): ReturnType<typeof FileAttachment>;
    };
    expect(zip.filenames).toEqual(["data/rows.csv"]);
    expect([...(await zip.file("data/rows.csv").csv({typed: true}))]).toEqual([{x: 1}]);
    expect(await (await fetch(await zip.file("data/rows.csv").url())).text()).toBe("x\n1\n");
    expect(() => zip.file("absent")).toThrow("it has data/rows.csv");
  });

  test("a missing file fails with its address", async () => {
    await expect(FileAttachment("absent.csv").text()).rejects.toThrow(FileNotFoundError);
    await expect(FileAttachment("absent.csv").csv()).rejects.toThrow("http://files/notebooks/absent.csv");
  });

  test("shows an image, and fails on what is none", async () => {
    const real = fileAttachments({baseUrl: () => "data:,", arrow: () => Promise.resolve(arrow)});
    const image = await real(`data:image/png;base64,${PIXEL}`).image({alt: "a dot"});
    expect([image.naturalWidth, image.alt]).toEqual([1, "a dot"]);
    await expect(real("data:text/plain,no").image()).rejects.toThrow("not an image");
  });

  test("reads Parquet into an Arrow table", async () => {
    const real = fileAttachments({baseUrl: () => document.baseURI, arrow: () => Promise.resolve(arrow)});
    const rows = (await real(parquetUrl).parquet()) as arrow.Table;
    expect(rows.schema.fields.map(({name}) => name)).toEqual(["name", "count", "big", "when"]);
    expect(Array.from(rows.getChild("name") ?? [])).toEqual(["a", "b", null]);
    expect(rows.get(2)?.count).toBe(3);
    expect(rows.get(2)?.big).toBe(9007199254740993n);
    expect(new Date(rows.get(1)?.when).toISOString()).toBe("2024-02-01T00:00:00.000Z");
  });
});

describe("Workbook", () => {
  type Book = {
    sheetNames: string[];
    sheet(name: string | number, options?: object): object[] & {columns: string[]};
  };
  const read = async (): Promise<Book> => (await FileAttachment("book.xlsx").xlsx()) as Book;

  test("gives rows by the letters of their columns", async () => {
    const book = await read();
    expect(book.sheetNames).toEqual(["Runs"]);
    const rows = book.sheet("Runs");
    expect(rows.columns).toEqual(["#", "A", "B", "C", "D"]);
    expect([...rows]).toEqual([
      {A: "name", B: "loss", C: "day"},
      {A: "first", B: 1.5, C: new Date("2024-02-29"), D: true},
      {},
      {A: "calc", B: Number.NaN}
    ]);
    expect((rows[1] as {"#": number})["#"]).toBe(2);
  });

  test("gives rows by their headers, of a range", async () => {
    const book = await read();
    expect([...book.sheet(0, {headers: true, range: "A1:C2"})]).toEqual([
      {name: "first", loss: 1.5, day: new Date("2024-02-29")}
    ]);
    expect(() => book.sheet("Other")).toThrow("the workbook has Runs");
  });
});
