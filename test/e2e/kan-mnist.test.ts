import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the KANs' recorded figures give a verdict, and one can be trained again on the digits", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "kan-mnist");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  // A B-spline KAN of 64 hidden nodes tells 97% of MNIST.
  const row = petri.page.getByRole("row").filter({hasText: "tells 97% of the test images rightly"});
  expect((await row.getByRole("cell").allTextContents()).at(-1)).toBe("yes");
  await petri.page.getByRole("button", {name: "Train", exact: true}).click();
  const card = petri.page.getByRole("group", {name: "Training run KANs on MNIST"});
  await card.waitFor();
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  const [found] = await petri.rows(
    "SELECT max(value) > 0.9 AS learnt FROM metrics WHERE key = 'testAccuracy'"
  );
  expect(found).toEqual({learnt: true});
  expect(petri.errors).toEqual([]);
});
