import {tableFromIPC} from "apache-arrow";
import {encodeRows} from "../../../src/tables/encode-rows.ts";
import type {Journal, JournalRecord, JournalStatus} from "../../../src/tables/journal/types.ts";
import {LatestMetrics} from "../../../src/tables/latest.ts";
import {mergeMetrics} from "../../../src/tables/merge.ts";
import type {TableName} from "../../../src/tables/schema.ts";

/** A journal that keeps its records in a list, and can be told what another tab wrote. */
export class FakeJournal implements Journal {
  readonly status: JournalStatus = {
    role: "memory",
    sizeBytes: 0,
    quota: null,
    persisted: null,
    failure: null,
    repaired: []
  };
  readonly records: JournalRecord[] = [];
  readonly blobs = new Map<string, Uint8Array>();
  #foreign: (record: JournalRecord) => void = () => {};
  #deleted: (runIds: readonly string[]) => void = () => {};

  subscribe() {
    return () => {};
  }

  async append(record: JournalRecord) {
    this.records.push(record);
  }

  onForeign(listener: (record: JournalRecord) => void) {
    this.#foreign = listener;
    return () => {};
  }

  onDeleted(listener: (runIds: readonly string[]) => void) {
    this.#deleted = listener;
    return () => {};
  }

  /** Another tab deleted these. */
  lose(runIds: readonly string[]) {
    this.#deleted(runIds);
  }

  /** Another tab wrote this. */
  arrive(record: JournalRecord) {
    this.records.push(record);
    this.#foreign(record);
  }

  async *read(tables?: readonly TableName[]): AsyncGenerator<{table: TableName; ipc: Uint8Array}> {
    const records = [...this.records];
    const metrics: Uint8Array[] = [];
    for (const {table, ipc} of records) {
      if (tables && !tables.includes(table)) continue;
      if (table === "metrics") metrics.push(ipc);
      else yield {table, ipc: ipc.slice()};
    }
    const latest = new LatestMetrics();
    for await (const ipc of mergeMetrics(metrics, (columns) => latest.add(columns))) {
      yield {table: "metrics" as const, ipc};
    }
    const rows = latest.rows();
    if (rows.length > 0) yield {table: "latest_metrics" as const, ipc: encodeRows("latest_metrics", rows)};
  }

  async readRun(runId: string) {
    return this.records.filter((record) => record.runId === runId).map(({ipc}) => ipc.slice());
  }

  async readMetrics() {
    return null;
  }

  async putBlob(bytes: Uint8Array) {
    const hash = Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())), (byte) =>
      byte.toString(16).padStart(2, "0")
    ).join("");
    this.blobs.set(hash, bytes.slice());
    return hash;
  }

  async getBlob(sha256: string) {
    return this.blobs.get(sha256) ?? null;
  }

  async removeBlob(sha256: string) {
    this.blobs.delete(sha256);
  }

  async deleteRuns(runIds: readonly string[]) {
    const kept = this.records.filter(({table, ipc, runId}) => {
      const id = runId ?? (table === "runs" ? tableFromIPC(ipc).get(0)?.run_id : undefined);
      return !runIds.includes(id);
    });
    this.records.splice(0, this.records.length, ...kept);
  }

  async compact() {}
  async exportArchive() {
    return new Blob([]);
  }
  async importArchive() {
    return {runs: 0, sizeBytes: 0};
  }
  async persist() {
    return false;
  }
  async usage() {
    const ids = this.records.flatMap(({runId}) => runId ?? []);
    return [...new Set(ids)].map((runId) => ({runId, sizeBytes: 1}));
  }
  async close() {}
}
