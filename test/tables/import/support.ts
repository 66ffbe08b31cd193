import {readFileSync} from "node:fs";
import {fileURLToPath} from "node:url";
import type {ImportedRows} from "../../../src/tables/import-types.ts";
import type {Row} from "../../../src/tables/schema.ts";

/** All that an import gives, put together. */
export interface Imported {
  experiments: Row<"experiments">[];
  runs: Row<"runs">[];
  params: Row<"params">[];
  metricDefs: Row<"metric_defs">[];
  /** By run id, in order. */
  metrics: Record<string, [key: string, step: number, timeMs: number, value: number][]>;
  notes: string[];
}

export async function collect(
  pieces: AsyncIterable<ImportedRows> | Iterable<ImportedRows>
): Promise<Imported> {
  const all: Imported = {experiments: [], runs: [], params: [], metricDefs: [], metrics: {}, notes: []};
  for await (const piece of pieces) {
    for (const experiment of piece.experiments ?? []) {
      all.experiments = [
        ...all.experiments.filter((each) => each.experiment_id !== experiment.experiment_id),
        experiment
      ];
    }
    all.runs.push(...(piece.runs ?? []));
    all.params.push(...(piece.params ?? []));
    all.metricDefs.push(...(piece.metricDefs ?? []));
    all.notes.push(...(piece.notes ?? []));
    for (const {runId, key, step, timeMs, value} of piece.metrics ?? []) {
      all.metrics[runId] ??= [];
      key.forEach((name, i) => {
        all.metrics[runId].push([name, step[i], timeMs[i], value[i]]);
      });
    }
  }
  all.experiments.sort((a, b) => (a.experiment_id < b.experiment_id ? -1 : 1));
  return all;
}

/** A file of test/fixtures/import as a File. */
export function fixture(name: string): File {
  const path = fileURLToPath(new URL(`../../fixtures/import/${name}`, import.meta.url));
  return new File([new Uint8Array(readFileSync(path))], name, {lastModified: 1_700_000_000_000});
}

/** `[type, text, number]` of a parameter by its key. */
export function paramsOf({params}: Imported, runId: string) {
  const own = params.filter(({run_id}) => run_id === runId);
  return Object.fromEntries(
    own.map(({key, value_type, value_str, value_num}) => [key, [value_type, value_str, value_num]])
  );
}
