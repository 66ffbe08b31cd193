import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import * as Inputs from "@observablehq/inputs";
import {deserialize} from "@observablehq/notebook-kit";
import * as Plot from "@observablehq/plot";
import * as Arrow from "apache-arrow";
import * as d3 from "d3";
import {html} from "htl";
import {JSDOM} from "jsdom";
import {afterAll, beforeAll, expect, test} from "vitest";
import {datasetsFromDisk} from "../ops/digits-source.ts";
import {use} from "../ops/support.ts";
import type {CellSpec} from "../runtime/harness.ts";
import {TestSession} from "../runtime/harness.ts";

const folder = join(import.meta.dirname, "../../notebooks/reference");
const packages = import.meta.glob<object>("../../src/ops/*/index.ts");
const {window} = new JSDOM();

const {document, Node, NodeList, HTMLCollection} = window;
const page = {window, document, Node, NodeList, HTMLCollection, requestAnimationFrame: setTimeout};

// Charts and tables are made with a page's document; the tensor library must not take this for a page.
beforeAll(async () => {
  datasetsFromDisk();
  await use("wasm");
  Object.assign(globalThis, page);
});
afterAll(() => {
  for (const name of Object.keys(page)) Reflect.deleteProperty(globalThis, name);
});

const pages = readdirSync(folder, {recursive: true, encoding: "utf8"}).filter((name) =>
  /\/.*\.html$/.test(name)
);

test.each(pages.sort())("the examples of %s run and show something", async (name) => {
  const {cells} = deserialize(readFileSync(join(folder, name), "utf8"), {parser: new window.DOMParser()});
  const examples = cells.filter(({mode}) => mode === "js");
  const session = new TestSession(
    examples.map(({id, value}): CellSpec => [id, value]),
    {
      builtins: {
        Arrow: () => Arrow,
        d3: () => d3,
        Plot: () => Plot,
        Inputs: () => Inputs,
        html: () => html,
        width: () => 640
      },
      importModule: async (specifier) => {
        const load = packages[`../../src/ops/${specifier.replace(/^petri\//, "")}/index.ts`];
        if (!load) throw new Error(`There is no ${specifier}.`);
        return load();
      }
    }
  );
  await session.run();
  for (const {id} of examples) {
    expect(session.failure(id)).toBeNull();
    expect(session.shown(id)).not.toEqual([]);
  }
});
