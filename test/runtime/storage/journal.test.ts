import "fake-indexeddb/auto";
import {beforeEach, expect, test} from "vitest";
import {openDatabase, type PetriDatabase} from "../../../src/runtime/storage/database.ts";
import {DraftJournal} from "../../../src/runtime/storage/journal.ts";

let count = 0;
let database: Promise<PetriDatabase>;
let alive: Set<string>;
let time: number;

beforeEach(() => {
  database = openDatabase(`journal-${++count}`);
  alive = new Set();
  time = 0;
});

/** A tab of the browser; `die` is a crash: nothing of the page runs, only its lock goes. */
function tab(name: string) {
  const held: string[] = [];
  const locks = {
    hold(lock: string) {
      held.push(lock);
      alive.add(lock);
    },
    held: async () => new Set(alive)
  };
  const journal = new DraftJournal({database, locks, tab: name, now: () => ++time});
  return {
    journal,
    die: () => {
      for (const lock of held) alive.delete(lock);
    }
  };
}

test("offers the newest text of a tab that died, with the version it began from", async () => {
  const first = tab("1");
  await first.journal.record("a", "one", "v1");
  await first.journal.record("a", "two", "v1");
  first.die();
  expect(await tab("2").journal.recover("a")).toMatchObject({text: "two", baseVersion: "v1"});
  expect(await tab("3").journal.recover("b")).toBeNull();
});

test("leaves live tabs their own", async () => {
  const first = tab("1");
  await first.journal.record("a", "mine", null);
  expect(await tab("2").journal.recover("a")).toBeNull();
  expect(await first.journal.recover("a")).toBeNull();
});

test("offers the newest of several dead tabs, and discards them all", async () => {
  const [one, two] = [tab("1"), tab("2")];
  await two.journal.record("a", "older", null);
  await one.journal.record("a", "newer", null);
  one.die();
  two.die();
  const {journal} = tab("3");
  await journal.record("a", "mine", null);
  expect((await journal.recover("a"))?.text).toBe("newer");
  await journal.discard("a");
  expect(await journal.recover("a")).toBeNull();
  expect(await (await database).getAllKeys("drafts")).toEqual([["a", "3"]]);
});

test("a save that follows an edit at once forgets it", async () => {
  const {journal, die} = tab("1");
  const recorded = journal.record("a", "text", null);
  const cleared = journal.clear("a");
  await Promise.all([recorded, cleared]);
  die();
  expect(await tab("2").journal.recover("a")).toBeNull();
});

test("a burst of edits is one write of the newest text", async () => {
  const {journal} = tab("1");
  const db = await database;
  let writes = 0;
  const counting = new Proxy(db, {
    get(target, name) {
      if (name === "put") writes++;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    }
  });
  const burst = new DraftJournal({
    database: Promise.resolve(counting),
    locks: {hold() {}, held: async () => new Set()},
    tab: "2"
  });
  await Promise.all(["a", "ab", "abc"].map((text) => burst.record("n", text, null)));
  expect(writes).toBe(1);
  expect((await journal.recover("n"))?.text).toBe("abc");
});
