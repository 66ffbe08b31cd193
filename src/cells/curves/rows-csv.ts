import type {DuckDBClient} from "../../tables/client.ts";
import type {CurveRun} from "../../tables/curve-runs.ts";
import {type CurveAxis, type CurveRows, type Extent, readCurveRows} from "../../tables/curves.ts";

interface CsvRequest {
  runs: readonly CurveRun[];
  labels: ReadonlyMap<string, string>;
  /** Metrics by what they are drawn over. */
  metrics: readonly {key: string; x: CurveAxis}[];
  range: {axis: CurveAxis; extent: Extent} | null;
}

/** How many runs are asked for at once: their rows lie in memory. */
const runsAtOnce = 20;

/** All rows of the curves that are drawn, not thinned, as CSV (RFC 4180): run_id, run, metric, x, value. */
export async function rowsCsv(db: DuckDBClient, {runs, labels, metrics, range}: CsvRequest): Promise<Blob> {
  const parts: string[] = ["run_id,run,metric,x,value\r\n"];
  for (let i = 0; i < runs.length; i += runsAtOnce) {
    for (const {key, x} of metrics) {
      const some = runs.slice(i, i + runsAtOnce);
      const within = range && JSON.stringify(range.axis) === JSON.stringify(x) ? {range: range.extent} : {};
      const found = await readCurveRows(db, {runs: some, keys: [key], x, ...within});
      for (const curve of found) parts.push(lines(curve, labels.get(curve.runId) ?? ""));
    }
  }
  return new Blob(parts, {type: "text/csv"});
}

function lines({runId, key, x, value}: CurveRows, label: string): string {
  const head = [runId, label, key].map(quoted).join(",");
  let text = "";
  for (let i = 0; i < x.length; ++i) text += `${head},${x[i]},${value[i]}\r\n`;
  return text;
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
