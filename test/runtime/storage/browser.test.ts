import "fake-indexeddb/auto";
import {beforeEach, expect, test} from "vitest";
import {BrowserStorage} from "../../../src/runtime/storage/browser.ts";
import {openDatabase} from "../../../src/runtime/storage/database.ts";
import {LastRuns} from "../../../src/runtime/storage/last-runs.ts";
import {ConflictError, NotFoundError} from "../../../src/runtime/storage/types.ts";

const published = "<notebook>\n  <title>Published</title>\n</notebook>\n";
const edited = "<notebook>\n  <title>Edited</title>\n</notebook>\n";
const site: Record<string, string> = {
  "notebooks/index.json": JSON.stringify({
    notebooks: [{name: "tour", title: "Published", summary: "", modifiedAt: 5, sizeBytes: 50}]
  }),
  "notebooks/tour.html": published,
  // A single-page host answers anything with its page.
  "notebooks/ghost.html": "<!doctype html><body>the app</body>"
};
let count = 0;
let storage: BrowserStorage;

beforeEach(() => {
  storage = new BrowserStorage({
    database: openDatabase(`storage-${++count}`),
    fetch: async (path) => (path in site ? new Response(site[path]) : new Response("", {status: 404})),
    now: () => 1000
  });
});

const titles = async () => (await storage.list()).map(({name, title}) => `${name}: ${title}`);

test("shows what was published until it is changed here", async () => {
  expect(await titles()).toEqual(["tour: Published"]);
  const {text, version} = await storage.read("tour");
  expect(text).toBe(published);
  await storage.write("tour", edited, {version});
  expect(await titles()).toEqual(["tour: Edited"]);
  expect((await storage.list())[0]).toMatchObject({modifiedAt: 1000, sizeBytes: edited.length});
  expect((await storage.read("tour")).text).toBe(edited);
});

test("never writes over another text", async () => {
  const {version} = await storage.read("tour");
  await storage.write("tour", edited, {version});
  const error = await storage.write("tour", "mine", {version}).catch((error) => error);
  expect(error).toBeInstanceOf(ConflictError);
  expect(error.current.text).toBe(edited);
  await expect(storage.write("tour", "new", {version: null})).rejects.toThrow(ConflictError);
});

test("deleting a published notebook hides it, and it can be written again", async () => {
  const {version} = await storage.read("tour");
  await storage.remove("tour", {version});
  expect(await titles()).toEqual([]);
  await expect(storage.read("tour")).rejects.toThrow(NotFoundError);
  await storage.write("tour", edited, {version: null});
  expect(await titles()).toEqual(["tour: Edited"]);
});

test("renames to a free name only", async () => {
  const {version} = await storage.write("mine", edited, {version: null});
  await expect(storage.rename("mine", "tour", {version})).rejects.toThrow(ConflictError);
  await storage.rename("mine", "yours", {version});
  expect(await titles()).toEqual(["tour: Published", "yours: Edited"]);
  await expect(storage.read("mine")).rejects.toThrow(NotFoundError);
});

test("a page that is no notebook is none", async () => {
  await expect(storage.read("ghost")).rejects.toThrow(NotFoundError);
  await expect(storage.read("nothing")).rejects.toThrow(NotFoundError);
});

test("remembers the last run under a new name", async () => {
  const runs = new LastRuns(openDatabase(`runs-${count}`));
  const run = {name: "a", at: 1, durationMs: 2, backend: "wasm", adapter: "SIMD", errors: 0, picture: ""};
  await runs.put(run);
  await runs.rename("a", "b");
  expect([...(await runs.all()).values()]).toEqual([{...run, name: "b"}]);
});
