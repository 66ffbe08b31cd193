import {afterEach, expect, test} from "vitest";
import {openJournal} from "../../src/tables/journal/open.ts";
import type {Journal, JournalRecord} from "../../src/tables/journal/types.ts";
import {until} from "../tables/journal/fake-tabs.ts";
import {contents, metricRows, metrics, metricsOf, param} from "../tables/journal/support.ts";

interface Tab {
  journal: Journal;
  /** As when the browser ends the tab's process. */
  kill(): void;
}

const tabs: Tab[] = [];
let workspaces = 0;

/** A workspace that no other test has. */
const newWorkspace = () => `journal-test-${Date.now()}-${++workspaces}`;

async function openTab(workspace: string): Promise<Tab> {
  const workers: Worker[] = [];
  const journal = await openJournal({
    workspace,
    createWorker: () => {
      const worker = new Worker(new URL("./support/journal-worker.ts", import.meta.url), {type: "module"});
      workers.push(worker);
      return worker;
    }
  });
  const tab = {
    journal,
    kill: () => {
      for (const worker of workers) worker.terminate();
    }
  };
  tabs.push(tab);
  return tab;
}

afterEach(async () => {
  for (const tab of tabs.splice(0)) tab.kill();
  const root = await navigator.storage.getDirectory();
  for await (const name of root.keys()) {
    // A worker that was just ended may still hold a file; the next test has another folder.
    await root.removeEntry(name, {recursive: true}).catch(() => {});
  }
});

test("rows are there when the page opens again", async () => {
  const workspace = newWorkspace();
  const first = await openTab(workspace);
  const records = [metrics("a"), metrics("b"), metrics("a", 3)];
  await Promise.all(records.map((record) => first.journal.append(record)));
  await first.journal.append(param("a", "rate", "0.1"));
  await first.journal.close();
  const {journal} = await openTab(workspace);
  const found = await contents(journal);
  expect(journal.status.role).toBe("leader");
  expect(found.metrics).toEqual(metricsOf(...records));
  expect(found.rows.params).toMatchObject([{run_id: "a", value_str: "0.1"}]);
  expect((await journal.readRun("a")).flatMap(metricRows).sort()).toEqual(metricsOf(records[0], records[2]));
  expect(journal.status.sizeBytes).toBeGreaterThan(1000);
  // The browser is asked about its disk while the journal is in use already.
  await until(journal, () => (journal.status.quota?.quotaBytes ?? 0) > 0);
});

test("two tabs write and read one journal, also when it is compacted", async () => {
  const workspace = newWorkspace();
  const [a, b] = [await openTab(workspace), await openTab(workspace)];
  expect([a.journal.status.role, b.journal.status.role]).toEqual(["leader", "follower"]);
  const records: JournalRecord[] = [];
  for (let i = 0; i < 10; i++) {
    records.push(metrics(`run${i % 3}`, 3 * Math.floor(i / 3)));
    await [a, b][i % 2].journal.append(records[i]);
    if (i === 4) await b.journal.compact();
    if (i === 7) await a.journal.compact();
    for (const {journal} of [a, b]) expect((await contents(journal)).metrics).toEqual(metricsOf(...records));
  }
  const hash = await b.journal.putBlob(new TextEncoder().encode("weights"));
  expect(new TextDecoder().decode((await a.journal.getBlob(hash)) ?? undefined)).toBe("weights");
});

test("when the leading tab is killed, the next takes over with every row once", async () => {
  const workspace = newWorkspace();
  const [a, b, c] = [await openTab(workspace), await openTab(workspace), await openTab(workspace)];
  const records = [metrics("a"), metrics("b")];
  await a.journal.append(records[0]);
  await b.journal.append(records[1]);
  const waiting: Promise<void>[] = [];
  for (let i = 0; i < 30; i++) {
    const record = metrics(i % 2 ? "b" : "c", 3 + 3 * i);
    records.push(record);
    waiting.push((i % 2 ? b : c).journal.append(record));
    if (i === 15) a.kill();
  }
  await Promise.all(waiting);
  const leads = () => [b, c].filter(({journal}) => journal.status.role === "leader");
  await Promise.race([b, c].map(({journal}) => until(journal, () => leads().length > 0)));
  for (const {journal} of [b, c]) expect((await contents(journal)).metrics).toEqual(metricsOf(...records));
  leads()[0].kill();
  const last = b.journal.status.role === "leader" ? c : b;
  await until(last.journal, () => last.journal.status.role === "leader");
  expect((await contents(last.journal)).metrics).toEqual(metricsOf(...records));
});

test("a worker that dies is started again, and what it had not written is sent again", async () => {
  const workspace = newWorkspace();
  const workers: Worker[] = [];
  const journal = await openJournal({
    workspace,
    createWorker: () => {
      const worker = new Worker(new URL("./support/journal-worker.ts", import.meta.url), {type: "module"});
      workers.push(worker);
      return worker;
    }
  });
  await journal.append(metrics("a"));
  workers[0].terminate();
  const appended = journal.append(metrics("b"));
  workers[0].dispatchEvent(new ErrorEvent("error", {message: "out of memory"}));
  await appended;
  expect(workers).toHaveLength(2);
  expect((await contents(journal)).metrics).toEqual(metricsOf(metrics("a"), metrics("b")));
  for (const worker of workers) worker.terminate();
});

test("exports a workspace, and takes it in elsewhere", async () => {
  const {journal} = await openTab(newWorkspace());
  await journal.append(metrics("a", 0, 50));
  const archive = await journal.exportArchive();
  const other = await openTab(newWorkspace());
  await other.journal.append(metrics("b"));
  await other.journal.importArchive(archive);
  expect((await contents(other.journal)).metrics).toEqual(metricsOf(metrics("a", 0, 50), metrics("b")));
});
