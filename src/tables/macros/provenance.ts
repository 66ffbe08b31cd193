import type {Relation} from "./relation.ts";

const runProvenance: Relation = {
  name: "run_provenance",
  kind: "view",
  about:
    "Which evaluation of which revision of which cell a run came from, with the cell's source and the values it read (as JSON, " +
    "NULL for large ones).",
  example: "SELECT run, cell_id, rev, inputs FROM run_provenance",
  reads: ["runs", "cells", "cell_execs", "cell_edges"],
  sql: `SELECT r.run_id, r.name AS run, r.cell_exec_id, x.notebook, x.cell_id, x.rev, c.kind, c.source, x.cache_key,
  x.started_at, x.status,
  coalesce((SELECT map_from_entries(list((e.name, e.value) ORDER BY e.name)) FROM cell_edges e
    WHERE e.cell_exec_id = x.cell_exec_id), MAP {}::MAP(VARCHAR, VARCHAR)) AS inputs
FROM runs r
JOIN cell_execs x ON x.cell_exec_id = r.cell_exec_id
LEFT JOIN cells c ON c.notebook = x.notebook AND c.cell_id = x.cell_id AND c.rev = x.rev`
};

const lineage: Relation = {
  name: "lineage",
  kind: "table",
  parameters: ["run"],
  about:
    "Every evaluation that went into a run (by id or name), from the cell that trained upwards, with sources.",
  example: "SELECT depth, cell_id, rev, read_as, value FROM lineage('baseline')",
  reads: ["runs", "cells", "cell_execs", "cell_edges"],
  sql: `WITH RECURSIVE reached AS (
  SELECT 0 AS depth, r.cell_exec_id, NULL::VARCHAR AS read_as, NULL::VARCHAR AS value
  FROM runs r WHERE (r.run_id = run OR r.name = run) AND r.cell_exec_id IS NOT NULL
  UNION
  SELECT q.depth + 1, e.upstream_exec_id, e.name, e.value
  FROM reached q JOIN cell_edges e ON e.cell_exec_id = q.cell_exec_id
  WHERE e.upstream_exec_id IS NOT NULL
)
SELECT q.depth, q.cell_exec_id, x.notebook, x.cell_id, x.rev, q.read_as, q.value, c.kind, c.source, x.started_at, x.status
FROM reached q
JOIN cell_execs x ON x.cell_exec_id = q.cell_exec_id
LEFT JOIN cells c ON c.notebook = x.notebook AND c.cell_id = x.cell_id AND c.rev = x.rev
ORDER BY q.depth, x.cell_id, q.read_as`
};

/** Where results come from. */
export const provenance: readonly Relation[] = [runProvenance, lineage];
