import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebook on Forward-Forward says which claims held, shows goodness that came apart, and trains a network", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "forward-forward");
  const {page} = petri;
  const failures = async () => (await petri.settled()).filter(({error}) => error);
  expect(await failures()).toEqual([]);
  await page.getByText(/^(All )?\d (of 4 )?claims held here/).waitFor();
  const item = async (claim: string) =>
    (await page.getByRole("listitem").filter({hasText: claim}).textContent()) ?? "";
  const verdict = async (claim: string) => (await item(claim)).split(":")[0]?.toLowerCase();
  const accuracy = async (claim: string) => (await item(claim)).match(/[\d.]+%/)?.[0];
  const [labels, none] = ["With labels, it comes", "Without labels, it comes"];
  const backprop = (await item(labels)).match(/([\d.]+%) by backpropagation/)?.[1];
  const told = systems.find(({id}) => id === "the-forward-forward-algorithm")?.verdict;
  expect(told).toBe(
    `within a point of backpropagation's test accuracy (${backprop}) at equal steps: with labels ${await verdict(labels)} (${await accuracy(labels)}), without ${await verdict(none)} (${await accuracy(none)}); without labels better than untrained layers: ${await verdict("left as they began")} (8x8 digits, 3 seeds)`
  );
  const recorded = page.locator("petri-goodness-view").first();
  const apart = async () => {
    const name = await recorded.getByRole("img", {name: /^Block 3/}).getAttribute("aria-label");
    return Number(name?.match(/([\d.]+)%/)?.[1]);
  };
  const atTheEnd = await apart();
  await page.getByRole("radio", {name: "1", exact: true}).check();
  expect(await failures()).toEqual([]);
  expect(await apart()).toBeLessThan(atTheEnd);
  await page.getByRole("button", {name: "Train", exact: true}).click();
  await page.getByRole("group", {name: "Training run Forward-Forward"}).waitFor();
  expect(await failures()).toEqual([]);
  const live = page.locator("petri-goodness-view").nth(1);
  await live.getByText("step 400").waitFor();
  const [row] = await petri.rows(
    "SELECT max(value) > 0.85 AS learnt FROM metrics WHERE key = 'testAccuracy'"
  );
  expect(row).toEqual({learnt: true});
  expect(petri.errors).toEqual([]);
}, 120_000);
