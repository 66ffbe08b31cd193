import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import type {JournalRecord} from "../../../src/tables/journal/types.ts";
import {Fragile} from "./fragile-files.ts";
import {contents, metrics, metricsOf, param} from "./support.ts";

// A compaction in the background says so when it fails; here the machine stops it.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

/** Numbers in [0, 1) that are the same every time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What a journal should have, kept in the simplest way. */
class Model {
  readonly records: JournalRecord[] = [];
  readonly params = new Map<string, string>();

  delete(runId: string): void {
    this.records.splice(0, this.records.length, ...this.records.filter((record) => record.runId !== runId));
    this.params.delete(runId);
  }

  get metrics(): string[] {
    return metricsOf(...this.records);
  }
}

const open = (files: MemoryFiles, fragile = new Fragile()) =>
  new LocalJournal(fragile.wrap(files), {role: "leader", sealBytes: 6000, compactAfter: 3}).ready();

test.each([1, 2, 3, 4, 5, 6, 7, 8])("does what a list would, whatever is done to it (%i)", async (seed) => {
  const random = numbers(seed);
  const files = new MemoryFiles();
  const model = new Model();
  let fragile = new Fragile();
  let journal = await open(files, fragile);
  const next = new Map<string, number>();
  for (let i = 0; i < 120; i++) {
    const runId = `run${Math.floor(random() * 5)}`;
    const what = random();
    if (what < 0.6) {
      const seq = next.get(runId) ?? 0;
      const rows = 1 + Math.floor(random() * 20);
      next.set(runId, seq + rows);
      const record = metrics(runId, seq, rows, random() < 0.5 ? ["loss"] : ["loss", "accuracy", `k${i % 3}`]);
      await journal.append(record);
      model.records.push(record);
    } else if (what < 0.7) {
      await journal.append(param(runId, "rate", String(i)));
      model.params.set(runId, String(i));
    } else if (what < 0.75) {
      await journal.deleteRuns([runId]);
      model.delete(runId);
    } else if (what < 0.8) {
      await journal.compact();
    } else if (what < 0.9) {
      // The machine stops at some operation, which may be in the middle of a compaction that began by itself.
      fragile.crashAt = fragile.done + Math.floor(random() * 12);
      await journal.compact().catch(() => {});
      fragile = new Fragile();
      journal = await open(files, fragile);
    } else {
      expect((await journal.readRun(runId)).length).toBe(
        model.records.some((record) => record.runId === runId) ? 1 : 0
      );
    }
    if (i % 10 !== 0) continue;
    const found = await contents(journal);
    expect(found.metrics).toEqual(model.metrics);
    const params = (found.rows.params ?? []) as {run_id: string; value_str: string}[];
    expect(new Map(params.map(({run_id, value_str}) => [run_id, value_str]))).toEqual(model.params);
    const counts = (found.rows.latest_metrics ?? []) as {n: number}[];
    expect(counts.reduce((sum, {n}) => sum + n, 0)).toBe(found.metrics.length);
  }
});
