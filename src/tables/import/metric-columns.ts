import type {ImportedMetrics} from "../import-types.ts";

/** Rows of one piece of an import: enough for few records of the journal, few enough for a page to stay alive. */
const rowsPerChunk = 16_384;

/** Gathers the rows of metrics of one run and gives them as columns. */
export class MetricColumns {
  readonly runId: string;
  private key: string[] = [];
  private step: number[] = [];
  private timeMs: number[] = [];
  private value: number[] = [];

  constructor(runId: string) {
    this.runId = runId;
  }

  add(key: string, step: number, timeMs: number, value: number): void {
    this.key.push(key);
    this.step.push(step);
    this.timeMs.push(timeMs);
    this.value.push(value);
  }

  get length(): number {
    return this.key.length;
  }

  get full(): boolean {
    return this.length >= rowsPerChunk;
  }

  /** The rows since the last call. */
  take(): ImportedMetrics {
    const {runId, key} = this;
    const [step, timeMs, value] = [this.step, this.timeMs, this.value].map((list) => Float64Array.from(list));
    this.key = [];
    this.step = [];
    this.timeMs = [];
    this.value = [];
    return {runId, key, step, timeMs, value};
  }
}
