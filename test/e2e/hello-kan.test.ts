import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the tour of KANs tells how many seeds recover the formula, and ends with it when it is taken", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "hello-kan");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.page.getByText(/^\d+ of 20 seeds recover the formula/).waitFor();
  await petri.page.getByRole("button", {name: "Take the tour"}).click();
  await petri.page.getByText(/The formula, with a test error of \d\.\d+e-1\d:/).waitFor({timeout: 240_000});
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  // Three networks are drawn: sparse, pruned, and the one whose edges are fixed by hand; then the one that has them fixed.
  const diagrams = petri.page.locator("petri-kan-diagram");
  expect(await diagrams.count()).toBe(3);
  await diagrams
    .nth(2)
    .getByRole("button", {name: /^Edge x /})
    .click();
  await diagrams.nth(2).getByRole("button", {name: /^sin/}).click();
  await diagrams
    .nth(2)
    .locator("figcaption")
    .getByText(/sin\(.*x/)
    .waitFor();
  await diagrams.nth(2).locator(".large .fitted").waitFor();
  await diagrams
    .nth(3)
    .getByRole("button", {name: /^Edge x .*: sin/})
    .waitFor();
  const [row] = await petri.rows("SELECT count(*)::INT AS runs FROM runs WHERE status = 'completed'");
  expect(row).toEqual({runs: 4});
  expect(petri.errors).toEqual([]);
}, 300_000);
