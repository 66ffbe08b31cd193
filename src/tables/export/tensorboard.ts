import {scalarEvent, sessionEndEvent, sessionStartEvent, versionEvent} from "../import/event.ts";
import {paramValue} from "../import/param-text.ts";
import {writeRecords} from "../import/tfrecord.ts";
import type {RunReader, StoredRun} from "./run-reader.ts";

/** Of SessionEndInfo: success, failure, still running. */
const endStatus = {FINISHED: 1, KILLED: 2, FAILED: 2, RUNNING: 3, SCHEDULED: 3} as const;

/** A name as part of a path: without separators, control characters and the names of the folders above. */
function pathPart(name: string): string {
  const safe = Array.from(name, (char) => (char < " " || '/\\:*?"<>|'.includes(char) ? "_" : char)).join("");
  return /^\.*$/.test(safe) ? `run${safe}` : safe;
}

function hyperParameters({params}: StoredRun): Record<string, number | string | boolean> {
  return Object.fromEntries(
    params.map((param) => {
      const value = paramValue(param);
      const isPlain = typeof value === "number" || typeof value === "boolean";
      return [param.key, isPlain ? value : param.value_str];
    })
  );
}

async function eventFile(folder: string, stored: StoredRun, reader: RunReader): Promise<File> {
  const {run} = stored;
  const metrics = await reader.metrics(run.run_id);
  const start = Number(run.start_time ?? run.created_at) / 1000;
  const events = [
    versionEvent(start),
    sessionStartEvent({values: hyperParameters(stored), startTime: start})
  ];
  const seen = new Set<string>();
  for (let i = 0; i < metrics.key.length; i++) {
    const scalar = {tag: metrics.key[i], value: metrics.value[i]};
    events.push(
      scalarEvent(metrics.timeMs[i] / 1000, Math.round(metrics.step[i]), scalar, !seen.has(scalar.tag))
    );
    seen.add(scalar.tag);
  }
  if (run.end_time) events.push(sessionEndEvent(Number(run.end_time) / 1000, endStatus[run.mlflow_status]));
  const name = `${folder}/events.out.tfevents.${Math.floor(start).toString().padStart(10, "0")}.${run.run_id}`;
  return new File([writeRecords(events) as Uint8Array<ArrayBuffer>], name, {
    type: "application/octet-stream"
  });
}

/**
 * A log directory of TensorBoard: a file of events for each run, named with the folders it has to be in
 * (`<experiment>/<run>/events.out.tfevents...`). Values are 32-bit floats there.
 */
export async function tensorBoardFiles(reader: RunReader): Promise<File[]> {
  const folders = new Set<string>();
  const files: File[] = [];
  for (const stored of reader.runs) {
    const {run, experiment} = stored;
    const plain = `${pathPart(experiment.name)}/${pathPart(run.name || run.run_id)}`;
    const folder = folders.has(plain) ? `${plain}-${run.run_id.slice(0, 8)}` : plain;
    folders.add(folder);
    files.push(await eventFile(folder, stored, reader));
  }
  return files;
}
