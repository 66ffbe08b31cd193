import {readdirSync} from "node:fs";
import {cp, mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";
import {JSDOM} from "jsdom";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import {builtApp} from "../../src/cli/built-app.ts";
import {npmBuilder, npmSource} from "../../src/cli/npm-source.ts";
import {type RunningServer, serve} from "../../src/publish/server/serve.ts";
import {buildSite} from "../../src/publish/site/build-site.ts";
import {openNotebookFile, saveNotebookFile} from "../../src/runtime/file.ts";
import {newTab} from "./support/browser.ts";
import {staticHost} from "./support/static-host.ts";

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

interface Settled {
  cells: Cell[];
  /** Errors that no cell caught. */
  complaints: string[];
  /** Requests to other sites. */
  outside: string[];
  warnings: string[];
  /** Elements that are shown as values, `HTMLSpanElement {}`, instead of as themselves. */
  inspected: string[];
}

/** Opens a notebook, waits until nothing is queued or running, and says how its cells did. */
async function settle(name: string, address = server.address): Promise<Settled> {
  const page = await newTab();
  const complaints: string[] = [];
  const outside: string[] = [];
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const {origin, protocol} = new URL(request.url());
    if (/^https?:$/.test(protocol) && origin !== new URL(address).origin) outside.push(request.url());
  });
  await page.goto(`${address}#/notebook/${name}`);
  await page.waitForFunction("window.petri?.cells.length > 0");
  const {cells} = (await page.evaluate("window.petri.settled()")) as {cells: Cell[]};
  const text = (await page.locator("petri-notebook").textContent()) ?? "";
  const inspected = text.match(/\b(HTML|SVG)\w*Element \{/g) ?? [];
  return {cells, complaints, outside, warnings, inspected};
}

const failures = ({cells}: Settled): string[] =>
  cells
    .filter((cell) => cell.error && !isForeign(cell))
    .map(({id, error}) => `cell ${id}: ${error?.name}: ${error?.message}`);

describe("the corpus", () => {
  test.each(notebooks)("%s settles without an error, and without another site", async (name) => {
    const settled = await settle(name);
    const {cells, complaints, outside} = settled;
    expect(failures(settled)).toEqual([]);
    expect(cells.filter(({state}) => state !== "done" && state !== "error" && state !== "idle")).toEqual([]);
    expect(complaints).toEqual([]);
    expect(settled.inspected).toEqual([]);
    expect(outside).toEqual([]);
  });

  test.each(notebooks)("%s is saved as it was read, to the byte", async (name) => {
    const {window} = new JSDOM();
    const text = await readFile(resolve(corpus, `${name}.html`), "utf8");
    const file = openNotebookFile(text, {parser: new window.DOMParser()});
    expect(saveNotebookFile(file, file.notebook, {document: window.document}).text).toBe(text);
  });
});

test("an import that cannot be had fails in its cell, with what to do about it", async () => {
  const settled = await settle("failing/imports");
  const messages = failures(settled);
  for (const [cell, expected] of [
    [2, "run: npm install a-package-that-is-not-installed@3"],
    [3, "no export named nothing; it has hexbin"],
    [4, "d3-hexbin 0.2.2 has no file “no/such/file.js”"],
    [5, "observablehq.com"],
    [6, "npm"],
    [7, 'write "npm:d3"'],
    [8, "the file “absent.csv” was expected at"],
    [9, "run: npm install mermaid"],
    [10, "observablehq.com"]
  ] as const) {
    const message = messages.find((text) => text.startsWith(`cell ${cell}: `));
    expect(message).toContain(expected);
  }
  expect(messages).toHaveLength(9);
  expect(settled.warnings).toContainEqual(expect.stringContaining("npm install d3-hexbin@9"));
  expect(settled.outside).toEqual([]);
});

test("a static site below a path has the packages that its notebooks import", async () => {
  const folder = await mkdtemp(join(tmpdir(), "petri-corpus-"));
  try {
    const source = join(folder, "notebooks");
    for (const path of ["npm.html", "d3-modules.html", "lib"]) {
      await cp(join(corpus, path), join(source, path), {recursive: true});
    }
    const out = join(folder, "site");
    await buildSite({
      app: await builtApp(),
      notebooks: source,
      out,
      buildNpm: npmBuilder(source),
      writeServiceWorker: () => Promise.resolve()
    });
    const {address} = await staticHost("/deep/down/", () => out);
    for (const name of ["npm", "d3-modules"]) {
      const settled = await settle(name, address);
      expect(failures(settled)).toEqual([]);
      expect(settled.outside).toEqual([]);
    }
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
});
