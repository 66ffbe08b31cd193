import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebook on local rules tells every rule's verdicts on digits and on MNIST, and trains one beside its recorded accuracy", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "local-rules");
  const {page} = petri;
  const failures = async () => (await petri.settled()).filter(({error}) => error);
  expect(await failures()).toEqual([]);
  await page.getByText(/^\d+ of \d+ claims held on the digits, \d+ of \d+ on MNIST/).waitFor();
  const spans = await page
    .locator("span[data-system]")
    .evaluateAll((all) => all.map((each) => [each.getAttribute("data-system"), each.textContent]));
  const told = new Map<string, string[]>();
  for (const [id, verdict] of spans) if (id) told.set(id, [...(told.get(id) ?? []), verdict ?? ""]);
  const written = systems.filter(({notebook}) => notebook === "local-rules.html");
  expect(Object.fromEntries(written.map(({id, verdict}) => [id, verdict]))).toEqual(
    Object.fromEntries(
      written.map(({id}) => [id, `${told.get(id)?.join("; ")} (8x8 digits and MNIST, 3 seeds)`])
    )
  );
  await page.getByRole("combobox", {name: "rule"}).selectOption({label: "Cascaded Forward, local"});
  await page.getByRole("button", {name: "Train", exact: true}).click();
  await page.getByRole("group", {name: "Training run A local rule"}).waitFor();
  expect(await failures()).toEqual([]);
  const sentence = await page
    .getByText(/of the test digits rightly after 300 steps; recorded were/)
    .textContent();
  const [reached = 0, recorded = 0] = (sentence?.match(/[\d.]+(?=%)/g) ?? []).map(Number);
  expect(reached).toBeGreaterThan(90);
  expect(Math.abs(reached - recorded)).toBeLessThan(4);
  expect(petri.errors).toEqual([]);
}, 120_000);
