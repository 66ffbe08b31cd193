import {expect, test} from "vitest";
import {newTab} from "./support/browser.ts";
import {md, notebookText, sql, workbench} from "./support/workbench.ts";

test("neither the home page nor a page of prose loads tensors, tables or the compiler", async () => {
  const {address} = await workbench({prose: notebookText("Prose", [md("# Prose\n\nOnly words.")])});
  const page = await newTab();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(address);
  await page.getByRole("link", {name: "Prose"}).click();
  await page.getByRole("paragraph").getByText("Only words.").waitFor();
  await page.evaluate("petri.settled()");
  const wasm = asked.filter((path) => path.endsWith(".wasm"));
  expect(wasm).toEqual([]);
  expect(asked.filter((path) => /tfjs|duckdb|train-worker|typescript/i.test(path))).toEqual([]);
});

test("everything comes from this site", async () => {
  const kinds = notebookText("Kinds", [
    md("$x^2$ and `code`"),
    {type: "application/x-tex", source: "\\frac{1}{2}"},
    {type: "text/vnd.graphviz", source: "digraph { a -> b }"},
    {type: "text/x-typescript", source: "const n: number = 1; display(n);"},
    "display(Plot.dot([[1, 2]]).plot());",
    sql("SELECT 1 AS one")
  ]);
  const {address, open} = await workbench({kinds});
  const petri = await open("kinds");
  const foreign: string[] = [];
  petri.page.on("request", (request) => {
    if (/^http/.test(request.url()) && !request.url().startsWith(address)) foreign.push(request.url());
  });
  await petri.page.reload();
  await petri.ready();
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  expect(foreign).toEqual([]);
});
