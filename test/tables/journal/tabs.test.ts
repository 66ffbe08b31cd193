import {expect, test} from "vitest";
import {openJournal} from "../../../src/tables/journal/open.ts";
import type {JournalRecord} from "../../../src/tables/journal/types.ts";
import {FakeBrowser, until} from "./fake-tabs.ts";
import {SmallDisk} from "./small-disk.ts";
import {contents, metricRows, metrics, metricsOf} from "./support.ts";

test("the first tab leads, the second follows, and both have all rows", async () => {
  const browser = new FakeBrowser();
  const [a, b] = [await browser.open(), await browser.open()];
  expect([a.journal.status.role, b.journal.status.role]).toEqual(["leader", "follower"]);
  const records = [metrics("a"), metrics("b")];
  await Promise.all([a.journal.append(records[0]), b.journal.append(records[1])]);
  for (const {journal} of [a, b]) expect((await contents(journal)).metrics).toEqual(metricsOf(...records));
});

test("tells each tab what the others append", async () => {
  const browser = new FakeBrowser();
  const tabs = [await browser.open(), await browser.open(), await browser.open()];
  const told: string[][] = tabs.map(({journal}) => {
    const heard: string[] = [];
    journal.onForeign(({runId}) => heard.push(runId as string));
    return heard;
  });
  for (const [i, {journal}] of tabs.entries()) await journal.append(metrics(`run${i}`));
  // What another tab appends is told before a later answer of the same journal.
  for (const {journal} of tabs) await journal.usage();
  expect(told).toEqual([
    ["run1", "run2"],
    ["run0", "run2"],
    ["run0", "run1"]
  ]);
});

test("deletes for all tabs", async () => {
  const browser = new FakeBrowser();
  const [a, b] = [await browser.open(), await browser.open()];
  await a.journal.append(metrics("a"));
  await b.journal.append(metrics("b"));
  const deleted: (readonly string[])[] = [];
  a.journal.onDeleted((runIds) => deleted.push(runIds));
  b.journal.onDeleted(() => deleted.push(["its own"]));
  await b.journal.deleteRuns(["a"]);
  for (const {journal} of [a, b]) expect((await contents(journal)).metrics).toEqual(metricsOf(metrics("b")));
  expect(deleted).toEqual([["a"]]);
});

test("a follower takes over when the leader closes, and goes on", async () => {
  const browser = new FakeBrowser();
  const [a, b] = [await browser.open(), await browser.open()];
  const records = [metrics("a"), metrics("b"), metrics("b", 3)];
  await a.journal.append(records[0]);
  await b.journal.append(records[1]);
  await a.journal.close();
  await b.journal.append(records[2]);
  await until(b.journal, () => b.journal.status.role === "leader");
  expect((await contents(b.journal)).metrics).toEqual(metricsOf(...records));
});

test("what a follower gave to a leader whose disk was full is written by the next one", async () => {
  const disk = new SmallDisk(3000);
  const browser = new FakeBrowser(disk.files());
  const [a, b] = [await browser.open(), await browser.open()];
  const records = Array.from({length: 6}, (_, i) => metrics("b", 3 * i));
  // Nobody waits for a disk that refuses.
  for (const record of records) await b.journal.append(record);
  expect(b.journal.status.failure).not.toBeNull();
  a.kill();
  disk.capacity = 1e6;
  await until(b.journal, () => b.journal.status.role === "leader");
  expect((await contents(b.journal)).metrics).toEqual(metricsOf(...records));
  b.kill();
  expect((await contents((await browser.open()).journal)).metrics).toEqual(metricsOf(...records));
});

test("no row is lost or doubled when leaders are killed one after the other", async () => {
  const browser = new FakeBrowser();
  const tabs = [await browser.open(), await browser.open(), await browser.open(), await browser.open()];
  const last = tabs[3].journal;
  const records: JournalRecord[] = [];
  const written: Promise<void>[] = [];
  for (let i = 0; i < 40; i++) {
    if (i % 10 === 5 && i < 30) {
      // What was written is not known to have been: it is sent again.
      browser.losesAnswers = true;
      await last.usage();
      tabs[(i - 5) / 10].kill();
      browser.losesAnswers = false;
    }
    const record = metrics("a", 3 * i);
    records.push(record);
    written.push(last.append(record));
  }
  await Promise.all(written);
  expect(last.status.role).toBe("leader");
  expect((await contents(last)).metrics).toEqual(metricsOf(...records));
});

test("reads exactly what was appended and told before the call", async () => {
  const browser = new FakeBrowser();
  const tabs = [await browser.open({sealBytes: 5000}), await browser.open()];
  for (const [i, {journal}] of tabs.entries()) {
    const [own, other] = [`own${i}`, `other${i}`];
    const seen: string[] = [];
    journal.onForeign((record) => seen.push(...metricRows(record.ipc)));
    const writer = tabs[1 - i].journal;
    for (let n = 0; n < 8; n++) {
      void writer.append(metrics(other, 3 * n));
      void journal.append(metrics(own, 3 * n));
      if (n % 2) await journal.usage();
      const expected = [...seen];
      const mine = Array.from({length: n + 1}, (_, k) => metrics(own, 3 * k));
      const reading = contents(journal);
      void journal.append(metrics(`later${i}${n}`));
      void writer.append(metrics(`afterwards${i}${n}`));
      const found = (await reading).metrics.filter(
        (row) => /^(own|other)/.test(row) && row.includes(`${i} `)
      );
      const rows = found.filter((row) => row.startsWith(own) || row.startsWith(other));
      expect(rows).toEqual(
        [...metricsOf(...mine), ...expected.filter((row) => row.startsWith(other))].sort()
      );
      expect((await contents(journal)).metrics).toContain(`later${i}${n} loss 0 0 0`);
    }
  }
});

test("shares content between tabs", async () => {
  const browser = new FakeBrowser();
  const [a, b] = [await browser.open(), await browser.open()];
  const bytes = new TextEncoder().encode("weights");
  expect(await a.journal.getBlob(await b.journal.putBlob(bytes))).toEqual(bytes);
});

test("says to a follower what is wrong with its record", async () => {
  const browser = new FakeBrowser();
  await browser.open();
  const {journal} = await browser.open();
  await expect(journal.append({table: "runs", ipc: metrics("a").ipc})).rejects.toThrow('expected "runs"');
});

test("goes on in memory, and says so, when its worker cannot be started", async () => {
  let started = 0;
  const journal = await openJournal({
    createWorker: () => {
      started++;
      return {
        postMessage() {},
        terminate() {},
        addEventListener(type: string, listener: never) {
          const fail = listener as (event: {message: string}) => void;
          if (type === "error") setImmediate(() => fail({message: "404"}));
        }
      };
    }
  });
  expect(started).toBeGreaterThan(1);
  expect(journal.status).toMatchObject({role: "memory", failure: {message: expect.stringContaining("404")}});
  await journal.append(metrics("a"));
  expect((await contents(journal)).metrics).toEqual(metricsOf(metrics("a")));
});
