// Where results come from: what a session tells of evaluations becomes rows of cells, cell_execs and cell_edges.
import type {EvaluatedCell, ValueFacts} from "./runtime/evaluated-cell.ts";
import type {ProvenanceOptions} from "./runtime/evaluation-log.ts";
import type {Tables} from "./tables/open.ts";
import type {Row} from "./tables/schema.ts";
import {Run} from "./training/run.ts";
import {digest} from "./training/sha256.ts";

/** The tables that provenance is written to. */
export type ProvenanceTables = Pick<Tables, "write"> & {sink: Pick<Tables["sink"], "revise" | "touch">};

const bytes = new TextEncoder();
const sha256 = (text: string) => digest(bytes.encode(text));

/** Writes the evaluations of a notebook down, once one of its cells trains or asks the tables. */
export function provenanceOf(notebook: string, tables: ProvenanceTables): ProvenanceOptions {
  let writing: Promise<void> = Promise.resolve();
  return {
    wakes: new Set(["train", "db", "sql"]),
    digest: sha256,
    describe,
    onEvaluated(evaluated) {
      // One batch after the other, so that a revision is numbered once.
      writing = writing
        .then(() => write(notebook, evaluated, tables))
        .catch((error: unknown) => console.error("Petri could not record where results came from.", error));
    }
  };
}

async function write(
  notebook: string,
  evaluated: readonly EvaluatedCell[],
  tables: ProvenanceTables
): Promise<void> {
  const revisions = await tables.sink.revise(
    await Promise.all(evaluated.map((each) => sourceOf(notebook, each)))
  );
  const execs = evaluated.map((each, i) => execRow(notebook, revisions[i], each));
  tables.write("cell_execs", execs);
  tables.write("cell_edges", evaluated.flatMap(edgeRows));
  // The tables of evaluations wake nobody, for whoever read them would be written down in them. A run's are known later
  // than the run: its readers ask again.
  if (evaluated.some(({kept}) => kept)) tables.sink.touch("runs");
}

/** The source that an evaluation was of. */
async function sourceOf(
  notebook: string,
  {source: {id, mode, value}, position, startedAt}: EvaluatedCell
): Promise<Omit<Row<"cells">, "rev">> {
  return {
    notebook,
    cell_id: id,
    kind: mode,
    source: value,
    source_sha256: await sha256(value),
    position,
    created_at: new Date(startedAt)
  };
}

function execRow(notebook: string, rev: number, evaluated: EvaluatedCell): Row<"cell_execs"> {
  const {execId, source, cacheKey, outcome, startedAt, endedAt, result, error} = evaluated;
  return {
    cell_exec_id: execId,
    notebook,
    cell_id: source.id,
    rev,
    cache_key: cacheKey,
    status: outcome,
    started_at: new Date(startedAt),
    ended_at: endedAt === null ? null : new Date(endedAt),
    result_kind: result?.kind ?? null,
    result_ref: result?.ref ?? null,
    result_sha256: result?.sha256 ?? null,
    row_count: result?.rows ?? null,
    error
  };
}

function edgeRows({execId, reads}: EvaluatedCell): Row<"cell_edges">[] {
  return (reads ?? []).map(({name, execId: upstream, json, sha256: hash}) => ({
    cell_exec_id: execId,
    upstream_exec_id: upstream,
    name,
    upstream_sha256: hash,
    value: json
  }));
}

/** What the page takes a value for, where that says more than JavaScript's word for it. */
function describe(value: unknown): ValueFacts | null {
  if (typeof value !== "object" || value === null) return null;
  if (value instanceof Run) return {kind: "run", ref: value.record.runId};
  if (typeof Node !== "undefined" && value instanceof Node) return {kind: "element"};
  // An Arrow table, of whichever copy of the library.
  if ("numRows" in value && "schema" in value) return {kind: "table", rows: Number(value.numRows)};
  if ("rowCount" in value && "window" in value) return {kind: "table", rows: Number(value.rowCount)};
  return null;
}
