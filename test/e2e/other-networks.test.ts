import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebook on other networks tells its verdicts, shows the nodes of a graph, and trains a network of it", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "other-networks");
  const {page} = petri;
  const failures = async () => (await petri.settled()).filter(({error}) => error);
  expect(await failures()).toEqual([]);
  await page.getByText(/minutes of one processor in all/).waitFor();
  const told = await page
    .locator("span[data-system]")
    .evaluateAll((all) => all.map((each) => [each.getAttribute("data-system") ?? "", each.textContent]));
  const written = systems.filter(({notebook}) => notebook === "other-networks.html");
  expect(written.length).toBe(6);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(written.map(({id, verdict}) => [id, verdict])));
  const drawn = async () => await page.getByLabel(/^A graph of 240 digits/).getAttribute("aria-label");
  const first = await drawn();
  await page.getByRole("combobox", {name: "network"}).first().selectOption({label: "last layer alone"});
  expect(await failures()).toEqual([]);
  expect(await drawn()).not.toBe(first);
  await page.getByRole("button", {name: "Train", exact: true}).click();
  await page.getByRole("group", {name: "Training run A graph network"}).waitFor();
  expect(await failures()).toEqual([]);
  const sentence = await page
    .getByText(/^one forward pass tells [\d.]+% of the nodes without a label/)
    .textContent();
  const [reached = 0] = (sentence?.match(/[\d.]+(?=%)/g) ?? []).map(Number);
  // Chance is a tenth.
  expect(reached).toBeGreaterThan(70);
  expect(petri.errors).toEqual([]);
}, 180_000);
