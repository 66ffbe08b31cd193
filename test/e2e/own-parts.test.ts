import {cp, readFile} from "node:fs/promises";
import {join} from "node:path";
import {JSDOM} from "jsdom";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {openNotebookFile} from "../../src/runtime/file.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

const shipped = (name: string) => readFile(join(projectRoot, "notebooks", name), "utf8");

test("a layer, a loss and an optimizer are written in cells in fewer than 20 lines each", async () => {
  const {window} = new JSDOM();
  const {notebook} = openNotebookFile(await shipped("own-parts.html"), {parser: new window.DOMParser()});
  for (const name of ["gated", "focalLoss", "signum"]) {
    const cell = notebook.cells.find(({value}) => value.startsWith(`function ${name}(`));
    expect(cell?.value.trim().split("\n").length, name).toBeLessThan(20);
  }
});

test("they train a network in the worker, beside the library's own", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "own-parts");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  const runs = await petri.rows(
    `SELECT r.name, count(*)::INT AS runs, min(m.value) > 0.9 AS learnt
    FROM runs r JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = 'testAccuracy'
    WHERE r.status = 'completed' GROUP BY r.name ORDER BY r.name`
  );
  expect(runs).toEqual([
    {name: "library parts", runs: 3, learnt: true},
    {name: "own parts", runs: 3, learnt: true}
  ]);
  await petri.page.locator("petri-curves").waitFor();
  expect(petri.errors).toEqual([]);
});
