import {readdirSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {resolve} from "node:path";
import {JSDOM} from "jsdom";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import {builtApp} from "../../src/cli/built-app.ts";
import {npmSource} from "../../src/cli/npm-source.ts";
import {type RunningServer, serve} from "../../src/publish/server/serve.ts";
import {openNotebookFile, saveNotebookFile} from "../../src/runtime/file.ts";
import {newTab} from "./support/browser.ts";

const corpus = resolve("test/corpus");
const notebooks = readdirSync(corpus)
  .filter((file) => file.endsWith(".html"))
  .map((file) => file.slice(0, -".html".length));

let server: RunningServer;

beforeAll(async () => {
  server = await serve({app: await builtApp(), notebooks: corpus, npm: npmSource(corpus)}, 0);
});

afterAll(() => server.close());

interface Cell {
  id: number;
  mode: string;
  state: string;
  error?: {name: string; message: string};
}

/** Cells that no browser runs: they say so, as an error that is theirs alone. */
const isForeign = ({mode}: Cell): boolean => ["node", "python", "r"].includes(mode);

/** Opens a notebook, waits until nothing is queued or running, and says how its cells did. */
async function settle(name: string): Promise<{cells: Cell[]; complaints: string[]; outside: string[]}> {
  const page = await newTab();
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const {origin, protocol} = new URL(request.url());
    if (/^https?:$/.test(protocol) && origin !== new URL(server.address).origin) outside.push(request.url());
  });
  await page.goto(`${server.address}#/notebook/${name}`);
  await page.waitForFunction("window.petri?.cells.length > 0");
  const {cells} = (await page.evaluate("window.petri.settled()")) as {cells: Cell[]};
  return {cells, complaints, outside};
}

describe("the corpus", () => {
  test.each(notebooks)("%s settles without an error, and without another site", async (name) => {
    const {cells, complaints, outside} = await settle(name);
    const failed = cells.filter((cell) => cell.error && !isForeign(cell));
    expect(failed.map(({id, error}) => `cell ${id}: ${error?.name}: ${error?.message}`)).toEqual([]);
    expect(cells.filter(({state}) => state !== "done" && state !== "error" && state !== "idle")).toEqual([]);
    expect(complaints).toEqual([]);
    expect(outside).toEqual([]);
  });

  test.each(notebooks)("%s is saved as it was read, to the byte", async (name) => {
    const {window} = new JSDOM();
    const text = await readFile(resolve(corpus, `${name}.html`), "utf8");
    const file = openNotebookFile(text, {parser: new window.DOMParser()});
    expect(saveNotebookFile(file, file.notebook, {document: window.document}).text).toBe(text);
  });
});
