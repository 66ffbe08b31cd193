import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfile} from "./support/browser.ts";
import {PetriPage} from "./support/petri-page.ts";
import {workbench} from "./support/workbench.ts";

test("the home page has one entry for the reference, which leads to pages that run their examples", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const page = await (await newProfile()).newPage();
  const petri = new PetriPage(page);
  await page.goto(`${address}?backend=wasm`);
  await page.getByRole("list", {name: "Notebooks"}).waitFor();
  expect(await page.locator(".entry-title[href*=reference]").count()).toBe(1);
  await page.getByRole("link", {name: "Reference", exact: true}).click();
  await page.getByRole("link", {name: "dense", exact: true}).click();
  await page.waitForFunction(() => location.hash === "#/notebook/reference/core/dense");
  await petri.cell(2).locator("table").waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  expect(petri.errors).toEqual([]);
});

test("an example of a page two folders deep finds the bundled data", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = new PetriPage(await (await newProfile()).newPage());
  await petri.page.goto(`${address}?backend=wasm#/notebook/reference/datasets/digits`);
  await petri.ready();
  await petri.cell(2).locator("svg").first().waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  expect(petri.errors).toEqual([]);
});
