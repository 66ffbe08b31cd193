import type {MetricBatch, RunRecord} from "../../../src/tables/types.ts";

/** How much there is: in full 1,000 runs x 20 metrics x 500 steps = 10 M rows. */
export interface WorkloadSize {
  runs: number;
  metrics: number;
  steps: number;
}

const beganAt = Date.UTC(2026, 0, 1);
const apartMs = 60_000;

/** As training names runs: the time in milliseconds, then chance; here a minute apart. */
export function runIdOf(i: number): string {
  const chance = (Math.imul(i + 1, 2654435761) >>> 0).toString(36).padStart(8, "0").slice(-8);
  return `${(beganAt + i * apartMs).toString(36)}-${chance}`;
}

/** `loss`, `val/loss`, `accuracy`, `val/accuracy`, then others. */
export const metricNameOf = (k: number) =>
  ["loss", "val/loss", "accuracy", "val/accuracy"][k] ?? `layer ${k - 4}/norm`;

/** A finished run of a sweep over learning rate, width and seed. */
export function runOf(i: number, {steps}: WorkloadSize): RunRecord {
  const createdAt = beganAt + i * apartMs;
  return {
    runId: runIdOf(i),
    name: `sweep ${i}`,
    notebook: "workload",
    cellId: 1,
    cellExecId: null,
    experiment: "workload",
    parentRunId: null,
    tags: {},
    tab: null,
    attempt: 1,
    status: "completed",
    params: {
      lr: 10 ** -(1 + (i % 5)),
      width: 16 << (Math.floor(i / 5) % 5),
      depth: 3,
      activation: "relu",
      part: i % 40
    },
    seed: i % 8,
    code: "async function* () {}",
    fingerprint: `workload ${i}`,
    backend: {name: "wasm", adapter: "WebAssembly"},
    versions: {petri: "0.1.0"},
    dataHash: "",
    createdAt,
    startedAt: createdAt,
    endedAt: createdAt + steps * 100,
    lastStep: steps - 1,
    error: null
  };
}

/** The rows of a run as training sends them: some steps at a time. */
export function* batchesOf(i: number, {metrics, steps}: WorkloadSize): Generator<MetricBatch> {
  const rowsPerBatch = 50;
  const noise = wobble(i + 1);
  for (let seq = 0; seq < steps; seq += rowsPerBatch) {
    const rows = Math.min(rowsPerBatch, steps - seq);
    const step = Float64Array.from({length: rows}, (_, n) => seq + n);
    const columns: Record<string, Float64Array> = {};
    for (let k = 0; k < metrics; k++) {
      const height = 1 + (i % 10) / 10 + k / 20;
      const isGain = k === 2 || k === 3;
      columns[metricNameOf(k)] = step.map((x) => {
        const decay = height * Math.exp((-5 * x) / steps) + 0.05 * noise();
        return isGain ? 1 - decay / 3 : decay;
      });
    }
    yield {runId: runIdOf(i), seq, step, timeMs: step.map((x) => beganAt + i * apartMs + x * 100), columns};
  }
}

/** Numbers in [-1, 1) that follow from a seed (a linear congruential generator: here only the look matters). */
function wobble(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}
