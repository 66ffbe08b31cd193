import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the recorded figures of expert pruning give a verdict, and it can be done again on the digits", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "expert-pruning");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.page
    .getByText(
      "Dropping the smallest change of router norm beats random: held with one expert an image, did not hold with two"
    )
    .waitFor();
  await petri.slide("steps on all digits", 200);
  await petri.slide("steps on four", 100);
  await petri.page.getByRole("button", {name: "Train and prune", exact: true}).click();
  await petri.page.locator("em", {hasText: "When it is done"}).waitFor({state: "detached"});
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  expect(await petri.rows("SELECT count(DISTINCT value) AS sizes FROM metrics WHERE key = 'kept'")).toEqual([
    {sizes: 7}
  ]);
  expect(petri.errors).toEqual([]);
});
