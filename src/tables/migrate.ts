import {mlflowStatus} from "./run-rows.ts";
import {schemaVersion, type TableName} from "./schema.ts";

type AnyRow = Record<string, unknown>;

/** A record was written by a later version of the product: its columns are not known here. */
export class SchemaVersionError extends Error {
  override name = "SchemaVersionError";
}

/** Version 1 had only runs, params and metrics, and knew of no experiments. */
function runOf1(row: AnyRow): AnyRow {
  return {
    ...row,
    experiment_id: row.notebook || "scratch",
    mlflow_status: mlflowStatus[row.status as keyof typeof mlflowStatus],
    attempt: 1,
    config: "{}",
    source: "petri",
    lifecycle_stage: "active",
    tags: new Map()
  };
}

/** For each version, what makes rows of it rows of the next; tables that are not named have the same columns in both. */
const steps: Readonly<Record<number, {readonly [T in TableName]?: (row: AnyRow) => AnyRow}>> = {
  1: {runs: runOf1}
};

/** @throws SchemaVersionError when records of this version cannot be read here. */
export function checkVersion(version: number): void {
  if (Number.isInteger(version) && version >= 1 && version <= schemaVersion) return;
  throw new SchemaVersionError(
    `The workspace has records of version ${version} of the tables; this program knows versions 1 to ${schemaVersion}. ` +
      "Open it with the version of the program that wrote it, or a later one."
  );
}

/**
 * What makes a row that was read from a record of `version` (with null for columns that it lacks) a row of today's
 * table. Null when rows are as they should be.
 * @throws SchemaVersionError when the record was written by a later version.
 */
export function migration(table: TableName, version: number): ((row: AnyRow) => AnyRow) | null {
  checkVersion(version);
  const found: ((row: AnyRow) => AnyRow)[] = [];
  for (let v = version; v < schemaVersion; v++) {
    const step = steps[v]?.[table];
    if (step) found.push(step);
  }
  return found.length === 0 ? null : (row) => found.reduce((now, step) => step(now), row);
}
