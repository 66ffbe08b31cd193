import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebooks on KANs in science show recorded figures, and train and solve again", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const profile = await newProfileWithoutGpu();
  const scaling = await openNotebook(profile, address, "kan-scaling");
  expect((await scaling.settled()).filter(({error}) => error)).toEqual([]);
  // What was recorded gives the verdict that the list of systems tells.
  const verdict = systems.find(({id}) => id === "kan")?.verdict;
  expect(verdict).toBeTruthy();
  await scaling.page.getByText(verdict ?? "", {exact: true}).waitFor();
  await scaling.slide("grids", 2);
  await scaling.page.getByRole("button", {name: "Train", exact: true}).click();
  await scaling.page.getByText("test RMSE").last().waitFor();
  expect((await scaling.settled()).filter(({error}) => error)).toEqual([]);
  const [{rmse}] = await scaling.rows("SELECT min(value) AS rmse FROM metrics WHERE key = 'testRmse'");
  expect(rmse).toBeLessThan(0.1);

  const physics = await openNotebook(profile, address, "kan-physics");
  expect((await physics.settled()).filter(({error}) => error)).toEqual([]);
  await physics.page.getByText("The KAN is nearer for").waitFor();
  await physics.page.getByRole("button", {name: "Solve", exact: true}).click();
  expect((await physics.settled()).filter(({error}) => error)).toEqual([]);
  const [{error}] = await physics.rows("SELECT min(value) AS error FROM metrics WHERE key = 'error'");
  expect(error).toBeLessThan(0.05);
  expect([...scaling.errors, ...physics.errors]).toEqual([]);
});
