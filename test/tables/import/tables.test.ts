import {tableFromArrays, tableToIPC} from "apache-arrow";
import {zipSync} from "fflate";
import {parquetWriteBuffer} from "hyparquet-writer";
import {expect, test} from "vitest";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {collect, paramsOf} from "./support.ts";

const csv = (text: string, name = "runs.csv") => new File([text], name, {lastModified: 1_700_000_000_000});

test("a long table is a row a value, whatever its columns are called", async () => {
  const all = await collect(
    importRuns(
      csv(
        "Run,metric,global_step,value,timestamp\na,loss,0,1.5,1700000000\na,loss,1,nan,1700000001\nb,acc,0,-Infinity,1700000002\n"
      )
    )
  );
  expect(all.runs.map(({name, experiment_id, source}) => [name, experiment_id, source])).toEqual([
    ["a", "csv:runs", "csv"],
    ["b", "csv:runs", "csv"]
  ]);
  const [a, b] = all.runs.map(({run_id}) => run_id);
  expect(all.metrics[a]).toEqual([
    ["loss", 0, 1_700_000_000_000, 1.5],
    ["loss", 1, 1_700_000_001_000, Number.NaN]
  ]);
  expect(all.metrics[b]).toEqual([["acc", 0, 1_700_000_002_000, Number.NEGATIVE_INFINITY]]);
  expect(all.notes[0]).toMatch(/runs.csv was read as a row a value \(.*key: metric.*run: Run/);
  expect(all.notes[0]).toContain("import the file in a cell: workspace.import(file, {columns: {step:");
});

test("a wide table is a column a metric; words that stay the same in a run are parameters", async () => {
  const all = await collect(
    importRuns(
      csv("run;step;loss;acc;optimizer;config.lr\na;0;1;;adam;0.1\na;1;0.5;0.9;adam;0.1\nb;0;2;0.1;sgd;0.2\n")
    )
  );
  const [a, b] = all.runs.map(({run_id}) => run_id);
  expect(all.metrics[a].map(([key, step, , value]) => [key, step, value])).toEqual([
    ["loss", 0, 1],
    ["loss", 1, 0.5],
    ["acc", 1, 0.9]
  ]);
  expect(paramsOf(all, b)).toEqual({
    optimizer: ["string", "sgd", null],
    lr: ["number", "0.2", 0.2]
  });
});

test("a chart that W&B exported is taken apart by run and metric", async () => {
  const all = await collect(
    importRuns(
      csv(
        '"Step","red-fox-1 - val/loss","red-fox-1 - val/loss__MIN","red-fox-1 - val/loss__MAX","blue - val/loss"\n0,1,0.5,2,3\n1,0.5,0.5,0.5,\n'
      )
    )
  );
  expect(all.runs.map(({name}) => name)).toEqual(["red-fox-1", "blue"]);
  expect(
    Object.values(all.metrics).map((rows) => rows.map(([key, step, , value]) => [key, step, value]))
  ).toEqual([
    [
      ["val/loss", 0, 1],
      ["val/loss", 1, 0.5]
    ],
    [["val/loss", 0, 3]]
  ]);
});

test("the mapping can be given, and a column that is not there is refused", async () => {
  const file = csv("who,when,score,lr\nx,3,0.5,0.1\n");
  const all = await collect(
    importRuns(file, {
      columns: {run: "who", step: "when", metrics: ["score"], params: ["lr"]},
      experiment: "mine"
    })
  );
  expect(all.experiments[0].name).toBe("mine");
  expect(paramsOf(all, all.runs[0].run_id)).toEqual({lr: ["number", "0.1", 0.1]});
  expect(Object.values(all.metrics)).toEqual([[["score", 3, 1_700_000_000_000, 0.5]]]);
  await expect(collect(importRuns(file, {columns: {run: "whom"}}))).rejects.toThrow(
    "runs.csv has no column whom; it has who, when, score, lr."
  );
});

test("Arrow and Parquet are read like CSV", async () => {
  const arrow = tableToIPC(
    tableFromArrays({run: ["a", "a"], step: Int32Array.of(0, 1), loss: Float64Array.of(1, Number.NaN)}),
    "file"
  );
  const parquet = parquetWriteBuffer({
    columnData: [
      {name: "run", data: ["a", "a"], type: "STRING"},
      {name: "step", data: [0n, 1n], type: "INT64"},
      {name: "loss", data: [1, Number.NaN], type: "DOUBLE"}
    ]
  });
  for (const [name, bytes] of [
    ["x.arrow", arrow],
    ["x.parquet", parquet]
  ] as const) {
    const all = await collect(importRuns(new File([bytes as ArrayBuffer], name, {lastModified: 5})));
    expect(Object.values(all.metrics)).toEqual([
      [
        ["loss", 0, 5, 1],
        ["loss", 1, 5, Number.NaN]
      ]
    ]);
    expect(all.runs[0].source).toBe(name.slice(2));
  }
});

test("Trackio's Parquet files are one project", async () => {
  const write = (name: string, columns: [string, unknown[], "STRING" | "INT64" | "DOUBLE"][]) =>
    new File(
      [parquetWriteBuffer({columnData: columns.map(([name, data, type]) => ({name, data, type}))})],
      name
    );
  const all = await collect(
    importRuns([
      write("faces.parquet", [
        ["id", [1n, 2n], "INT64"],
        ["timestamp", ["2026-03-04T05:06:07+00:00", "2026-03-04T05:06:08+00:00"], "STRING"],
        ["run_name", ["first", "first"], "STRING"],
        ["step", [0n, 1n], "INT64"],
        ["loss", [1, 0.5], "DOUBLE"]
      ]),
      write("faces_configs.parquet", [
        ["run_name", ["first"], "STRING"],
        ["created_at", ["2026-03-04T05:06:00+00:00"], "STRING"],
        ["lr", [0.1], "DOUBLE"]
      ])
    ])
  );
  expect(all.runs.map(({name, experiment_id, source}) => [name, experiment_id, source])).toEqual([
    ["first", "trackio:faces", "trackio"]
  ]);
  expect(all.runs[0].start_time).toEqual(new Date("2026-03-04T05:06:00Z"));
  expect(paramsOf(all, all.runs[0].run_id)).toEqual({lr: ["number", "0.1", 0.1]});
  expect(Object.values(all.metrics)[0].map(([key, step, , value]) => [key, step, value])).toEqual([
    ["loss", 0, 1],
    ["loss", 1, 0.5]
  ]);
});

test("a zip archive stands for the files in it", async () => {
  const zip = zipSync({"a/x.csv": new TextEncoder().encode("run,step,loss\na,0,1\n")});
  const all = await collect(importRuns(new File([zip as Uint8Array<ArrayBuffer>], "all.zip")));
  expect(all.runs.map(({name}) => name)).toEqual(["a"]);
});

test("what is wrong in a table is said with its row and column", async () => {
  await expect(collect(importRuns(csv("run,step,loss\na,0,1\na,x,2\n", "r.csv")))).rejects.toThrow(
    "r.csv, row 3, column step: expected the number of a step, found “x”."
  );
  await expect(collect(importRuns(csv("run,key,step,value\na,loss,0,much\n", "r.csv")))).rejects.toThrow(
    "r.csv, row 2, column value: expected a number, found “much”."
  );
  await expect(collect(importRuns(csv("run,step,loss\na,0\n", "r.csv")))).rejects.toThrow(
    "r.csv, row 2: expected 3 columns as in the first line, found 2."
  );
  await expect(collect(importRuns(new File([Uint8Array.of(1, 0, 2, 3)], "r.bin")))).rejects.toThrow(
    /^The format of r.bin is not known; it begins with the bytes 01 00 02 03. Petri reads its own archives.*MLflow.*CSV/
  );
  await expect(collect(importRuns(new File([], "r.csv")))).rejects.toThrow("r.csv is empty.");
});

test.each(["photo", "photo.png", "photo.csv"])(
  "a binary file called %s is of no known format",
  async (name) => {
    const bytes = Uint8Array.from([0x89, ...new TextEncoder().encode("PNG\r\n\x1a\n\x1b[31m,\x07,\x7f")]);
    const error = await collect(importRuns(new File([bytes], name))).catch((error) => error);
    const known = /^The format of \S+ is not known; it begins with the bytes 89 50 4e 47/;
    const table =
      /^photo.csv, line 1: expected the names of at least two columns, found “.PNG ?\[?.*”. Petri reads/;
    expect(error.message).toMatch(name.endsWith(".csv") ? table : known);
    expect(error.message).not.toMatch(/\p{Cc}/u);
  }
);

test("cells with control characters are read, and quoted without them", async () => {
  const all = await collect(importRuns(csv("run,key,step,value\na\0b,loss,0,1\n", "r.csv")));
  expect(all.runs.map(({name}) => name)).toEqual(["a\0b"]);
  await expect(
    collect(importRuns(csv("run,key,step,value\na,loss,0,\x1b[31mmuch\u202e\n", "r.csv")))
  ).rejects.toThrow("r.csv, row 2, column value: expected a number, found “[31mmuch”.");
});

test("an import stops when it is cancelled, with the signal's reason", async () => {
  const controller = new AbortController();
  const rows = importRuns([csv("run,step,loss\na,0,1\n", "a.csv"), csv("run,step,loss\nb,0,1\n", "b.csv")], {
    signal: controller.signal
  });
  await rows.next();
  controller.abort(new Error("no more"));
  await expect(collect(rows)).rejects.toThrow("no more");
});

test("a zip archive that unpacks to more than there is memory for is refused unread", async () => {
  const zip = zipSync({"x.csv": new TextEncoder().encode("run,step,loss\na,0,1\n")});
  const view = new DataView(zip.buffer, zip.byteOffset);
  const list = view.getUint32(zip.length - 6, true);
  view.setUint32(list + 24, 0x7fffffff, true);
  const importing = collect(importRuns(new File([zip as Uint8Array<ArrayBuffer>], "bomb.zip")));
  await expect(importing).rejects.toThrow("bomb.zip: it unpacks to more than 1 GB");
});
