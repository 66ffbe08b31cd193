import {breathe} from "../breathe.ts";
import type {RunReader} from "./run-reader.ts";

/** How far an export is. */
export interface ExportProgress {
  /** Runs whose metrics were read. */
  runs: number;
  ofRuns: number;
}

/** Who waits for an export. */
export interface Waiting {
  signal?: AbortSignal;
  /** Told before each run, and when all are read. */
  onProgress?(progress: ExportProgress): void;
}

/** The same reader; whoever reads through it lets the page go on between runs, says how far it is, and stops with the signal. */
export function followed(reader: RunReader, {signal, onProgress}: Waiting): RunReader {
  const ofRuns = reader.runs.length;
  let runs = 0;
  return {
    ...reader,
    async metrics(runId) {
      await breathe();
      signal?.throwIfAborted();
      onProgress?.({runs, ofRuns});
      const found = await reader.metrics(runId);
      if (++runs === ofRuns) onProgress?.({runs, ofRuns});
      return found;
    }
  };
}
