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
  expect(await tab("2").journal.recover("a")).toMatchObject([{text: "two", baseVersion: "v1"}]);
  expect(await tab("3").journal.recover("b")).toEqual([]);
});

test("leaves live tabs their own", async () => {
  const first = tab("1");
  await first.journal.record("a", "mine", null);
  expect(await tab("2").journal.recover("a")).toEqual([]);
  expect(await first.journal.recover("a")).toEqual([]);
});

test("a tab knows its own draft until it is saved, also where nothing can be stored", async () => {
  const closed = Promise.reject(new Error("closed"));
  closed.catch(() => {});
  const journal = new DraftJournal({
    database: closed,
    locks: {hold() {}, held: async () => new Set()},
    tab: "1"
  });
  await expect(journal.record("a", "mine", "v1")).rejects.toThrow("closed");
  expect(journal.own("a")).toMatchObject({text: "mine", baseVersion: "v1"});
  expect(journal.own("b")).toBeNull();
  await journal.clear("a").catch(() => {});
  expect(journal.own("a")).toBeNull();
});

test("drafts follow a notebook to its new name, except those of other live tabs", async () => {
  const [dead, live, own] = [tab("1"), tab("2"), tab("3")];
  await dead.journal.record("a", "left", "v1");
  await live.journal.record("a", "theirs", "v1");
  await own.journal.record("a", "mine", "v1");
  dead.die();
  await own.journal.rename("a", "b");
  expect(own.journal.own("a")).toBeNull();
  expect(own.journal.own("b")).toMatchObject({text: "mine", baseVersion: "v1"});
  expect(await (await database).getAllKeys("drafts")).toEqual([
    ["a", "2"],
    ["b", "1"],
    ["b", "3"]
  ]);
});

test("offers the drafts of dead tabs, newest first, and discards one at a time", async () => {
  const [one, two] = [tab("1"), tab("2")];
  await two.journal.record("a", "older", null);
  await one.journal.record("a", "newer", null);
  one.die();
  two.die();
  const {journal} = tab("3");
  await journal.record("a", "mine", null);
  const drafts = await journal.recover("a");
  expect(drafts.map(({text}) => text)).toEqual(["newer", "older"]);
  await journal.discard(drafts[0]);
  expect((await journal.recover("a")).map(({text}) => text)).toEqual(["older"]);
  await journal.discard(drafts[1]);
  expect(await journal.recover("a")).toEqual([]);
  expect(await (await database).getAllKeys("drafts")).toEqual([["a", "3"]]);
});

test("a save that follows an edit at once forgets it", async () => {
  const {journal, die} = tab("1");
  const recorded = journal.record("a", "text", null);
  const cleared = journal.clear("a");
  await Promise.all([recorded, cleared]);
  die();
  expect(await tab("2").journal.recover("a")).toEqual([]);
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
  expect((await journal.recover("n"))[0]?.text).toBe("abc");
});
