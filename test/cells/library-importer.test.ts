import {expect, test, vi} from "vitest";
import {createImporter, type ImporterOptions, provideShared} from "../../src/cells/library/importer.ts";
import {createRequire} from "../../src/cells/library/require.ts";

function importer(options: Partial<ImporterOptions> = {}) {
  return createImporter({
    siteUrl: "http://site/below/",
    notebookUrl: () => "http://site/below/notebooks/tour.html",
    shared: {},
    own: {},
    load: (url) => Promise.resolve({url}),
    fetch: () => Promise.reject(new TypeError("no network in this test")),
    ...options
  });
}

test("asks the site for a package's module, once for all cells", async () => {
  const load = vi.fn((url: string) => Promise.resolve({url, default: 1}));
  const {importModule} = importer({load});
  const [a, b] = await Promise.all([importModule("npm:d3-hexbin@0.2"), importModule("npm:d3-hexbin@0.2")]);
  expect(a).toEqual({url: "http://site/below/npm/d3-hexbin@0.2.js", default: 1});
  expect(b).toBe(a);
  expect(load).toHaveBeenCalledOnce();
});

test("gives the page's own instance of a package, with a default export", async () => {
  const d3 = {max: () => 3};
  const {importModule} = importer({shared: {d3: () => Promise.resolve(d3)}});
  expect(await importModule("npm:d3@7")).toEqual({...d3, default: d3});
  // Another version is for the server to find, or to warn that there is none.
  expect(await importModule("npm:d3@5")).toMatchObject({url: "http://site/below/npm/d3@5.js"});
  expect(await importModule("npm:d3@latest")).toMatchObject(d3);
  expect(await importModule("npm:d3/dist/d3.js")).toMatchObject({
    url: "http://site/below/npm/d3/dist/d3.js.js"
  });
});

test("unwraps a CommonJS package: its names and its default", async () => {
  const namespace = {encode: () => "&lt;", default: {encode: () => "&lt;"}};
  const {importModule} = importer({
    load: () => Promise.resolve({__namespace: namespace, default: namespace.default})
  });
  expect(await importModule("npm:he")).toBe(namespace);
});

test("addresses on CDNs mean the packages they hold", async () => {
  const {importModule} = importer();
  expect(await importModule("https://cdn.jsdelivr.net/npm/he@1/+esm")).toMatchObject({
    url: "http://site/below/npm/he@1.js"
  });
});

test("modules beside the notebook are relative to it", async () => {
  const {importModule, resolve} = importer();
  expect(await importModule("./lib/a.js")).toEqual({url: "http://site/below/notebooks/lib/a.js"});
  expect(resolve("./data.csv")).toBe("http://site/below/notebooks/data.csv");
});

test("modules of ours are found by their specifier", async () => {
  const core = {mlp: () => 0};
  const {importModule} = importer({own: {"petri/core": () => Promise.resolve(core)}});
  expect(await importModule("petri/core")).toBe(core);
  await expect(importModule("petri/cores")).rejects.toThrow("there are petri/core");
});

test.each([
  ["jsr:@std/path", "npx jsr add @std/path"],
  ["observable:@d3/bar-chart", "does not fetch notebooks from observablehq.com"],
  ["@d3/bar-chart", "does not fetch notebooks from observablehq.com"],
  ["node:fs", "cells cannot import"],
  ["d3", 'write "npm:d3"']
])("%s fails with what to do", async (specifier, message) => {
  await expect(importer().importModule(specifier)).rejects.toThrow(message);
});

test("a module that the server refuses fails with the server's reason, and is asked for again", async () => {
  const message = "the package “he” is not installed; run: npm install he";
  const asked: string[] = [];
  let installed = false;
  const {importModule} = importer({
    load: (url) => {
      asked.push(url);
      return installed ? Promise.resolve({default: "he"}) : Promise.reject(new TypeError("Failed to fetch"));
    },
    fetch: () => Promise.resolve(Response.json({error: {name: "HttpError", message}}, {status: 404}))
  });
  await expect(importModule("npm:he")).rejects.toThrow(message);
  installed = true;
  expect(await importModule("npm:he")).toEqual({default: "he"});
  // Browsers keep a module that failed: the second request must have another address.
  expect(asked).toEqual(["http://site/below/npm/he.js", "http://site/below/npm/he.js?attempt=1"]);
});

test("on a static site without the module, the reason names both commands", async () => {
  const {importModule} = importer({
    load: () => Promise.reject(new TypeError("Failed to fetch")),
    fetch: () => Promise.resolve(new Response("<h1>404</h1>", {status: 404}))
  });
  await expect(importModule("npm:he@1")).rejects.toThrow("npm install he@1 && npm run build");
});

test("an error in the module itself is passed on", async () => {
  const {importModule} = importer({
    load: () => Promise.reject(new ReferenceError("x is not defined")),
    fetch: () => Promise.resolve(new Response("throw x"))
  });
  await expect(importModule("npm:he")).rejects.toThrow(ReferenceError);
});

test("JSON of a package is its default export", async () => {
  const {importModule} = importer({fetch: () => Promise.resolve(Response.json({states: 50}))});
  expect(await importModule("npm:us-atlas/states.json")).toEqual({default: {states: 50}});
});

test("import.meta.resolve gives the address of a file as it is, and of a module's bundle", () => {
  const {resolve} = importer();
  expect(resolve("npm:us-atlas@3/states.json")).toBe("http://site/below/npm/@/file/us-atlas@3/states.json");
  expect(resolve("npm:d3@7")).toBe("http://site/below/npm/d3@7.js");
});

test("npm modules get the page's packages by name", async () => {
  const d3 = {max: () => 3};
  provideShared({d3: () => Promise.resolve(d3)});
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for("petri.shared")] as (
    key: string
  ) => Promise<object>;
  expect(await shared("d3")).toMatchObject(d3);
  await expect(shared("react")).rejects.toThrow("no package “react”");
});

test("require imports bare names: a lone default stands for the module, several names are merged", async () => {
  const modules: Record<string, object> = {
    "http://site/below/npm/he.js": {default: "he"},
    "http://site/below/npm/a@1.js": {one: 1, two: 2},
    "http://site/below/npm/b.js": {three: 3, four: 4, default: {}}
  };
  const require = createRequire(importer({load: (url) => Promise.resolve(modules[url] ?? {})}));
  expect(await require("he")).toBe("he");
  expect(await require("a@1", "b")).toMatchObject({one: 1, two: 2, three: 3, four: 4});
  expect(require.resolve("he")).toBe("http://site/below/npm/he.js");
});
