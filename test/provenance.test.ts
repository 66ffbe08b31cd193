import {createHash} from "node:crypto";
import {expect, test, vi} from "vitest";
import {type ProvenanceTables, provenanceOf} from "../src/provenance.ts";
import {decodeRows, encodeRows} from "../src/tables/encode-rows.ts";
import {revise} from "../src/tables/revisions.ts";
import {RunIndex} from "../src/tables/run-index.ts";
import type {Row, TableName} from "../src/tables/schema.ts";
import {type CellSpec, TestSession} from "./runtime/harness.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Tables that keep rows as the journal has them. */
class Kept {
  readonly streams: {table: TableName; ipc: Uint8Array}[] = [];
  readonly index = new RunIndex();
  readonly touched: string[] = [];
  readonly tables: ProvenanceTables = {
    write: (table, rows) => {
      if (rows.length > 0) this.streams.push({table, ipc: encodeRows(table, rows)});
    },
    sink: {
      revise: (cells) =>
        revise(cells, {
          index: this.index,
          journal: {readRun: async () => []},
          write: async (rows) => this.tables.write("cells", rows)
        }),
      touch: (table) => this.touched.push(table)
    }
  };

  rows<T extends TableName>(table: T): Row<T>[] {
    return this.streams.flatMap((each) => (each.table === table ? decodeRows(table, each.ipc) : []));
  }
}

function open(specs: CellSpec[], kept: Kept): TestSession {
  return new TestSession(specs, {
    cellBuiltins: {
      train: (context) => () => {
        context.keep();
        return context.execId;
      }
    },
    provenance: provenanceOf("notes", kept.tables)
  });
}

test("evaluations become rows: sources by revision, evaluations, and the values they read", async () => {
  const kept = new Kept();
  const t = await open(
    [
      [1, "const lr = 0.1;"],
      [2, "// the run\nconst run = train(lr);"],
      [3, "# Notes", "md"]
    ],
    kept
  ).run();
  const execId = await t.session.value("run");
  await t.session.tellEvaluated();
  await vi.waitFor(() => expect(kept.rows("cell_edges")).not.toEqual([]));

  const [lr, run] = kept.rows("cells").sort((a, b) => a.cell_id - b.cell_id);
  expect(lr).toMatchObject({
    notebook: "notes",
    cell_id: 1,
    rev: 1,
    kind: "js",
    source: "const lr = 0.1;",
    position: 0
  });
  expect(run).toMatchObject({cell_id: 2, rev: 1, source_sha256: sha256(run.source), position: 1});
  const exec = kept.rows("cell_execs").find((row) => row.cell_exec_id === execId);
  expect(exec).toMatchObject({cell_id: 2, rev: 1, status: "done", result_kind: "string", error: null});
  expect(kept.touched).toEqual(["runs"]);
  const upstream = kept.rows("cell_execs").find((row) => row.cell_id === 1);
  expect(kept.rows("cell_edges").filter((row) => row.cell_exec_id === execId)).toEqual([
    {
      cell_exec_id: execId,
      upstream_exec_id: upstream?.cell_exec_id,
      name: "lr",
      upstream_sha256: sha256("0.1"),
      value: "0.1"
    }
  ]);
});

test("a source that comes back has its old number, a new one the next, in a later session too", async () => {
  const kept = new Kept();
  const first = await open([[1, "train(1)"]], kept).run();
  await first.rerun(1, "train(2)");
  await first.session.tellEvaluated();
  const second = await open([[1, "train(1)"]], kept).run();
  await second.rerun(1, "train(3)");
  await second.session.tellEvaluated();
  await vi.waitFor(() => expect(kept.rows("cell_execs")).toHaveLength(4));
  expect(kept.rows("cells").map(({rev, source}) => [rev, source])).toEqual([
    [1, "train(1)"],
    [2, "train(2)"],
    [3, "train(3)"]
  ]);
  expect(kept.rows("cell_execs").map(({rev}) => rev)).toEqual([1, 2, 1, 3]);
});

test("a store that fails is complained of, and the cells go on", async () => {
  const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
  const kept = new Kept();
  kept.tables.sink.revise = () => Promise.reject(new Error("the disk is full"));
  const t = await open([[1, "train(1)"]], kept).run();
  await t.session.tellEvaluated();
  await vi.waitFor(() => expect(complaint).toHaveBeenCalledOnce());
  expect(t.state(1)).toBe("done");
  complaint.mockRestore();
});
