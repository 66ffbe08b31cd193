import {cp, mkdir} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {appFolder} from "../../src/cli/built-app.ts";
import {npmBuilder} from "../../src/cli/npm-source.ts";
import {projectRoot} from "../../src/cli/project.ts";
import {buildSite} from "../../src/publish/site/build-site.ts";
import {writeServiceWorker} from "../../src/publish/site/write-service-worker.ts";
import {temporaryFolder} from "../publish/support/temporary-folder.ts";
import {newProfile} from "./support/browser.ts";
import {staticHost} from "./support/static-host.ts";
import {openNotebook} from "./support/workbench.ts";

const name = "import-mlflow";

test("the notebook that asks an MLflow database answers its three questions in the static site, and again after a reload", async () => {
  const folder = await temporaryFolder();
  const from = join(projectRoot, "notebooks");
  await mkdir(join(folder, "data"));
  for (const file of [`${name}.html`, "data/mlflow-digits.db"])
    await cp(join(from, file), join(folder, file));
  const out = join(await temporaryFolder(), "site");
  await buildSite({app: appFolder, notebooks: folder, out, buildNpm: npmBuilder(folder), writeServiceWorker});
  const host = await staticHost("/deep/er/", () => out);
  const profile = await newProfile();

  const petri = await openNotebook(profile, host.address, name);
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.page.getByText("Read 36 runs with 216 parameters and 2,160 values.").waitFor();
  // Its three answers: the best setting, runs that lost what they had learnt, and dots of those that got there.
  await petri.cell(6).getByRole("gridcell", {name: "0.984"}).first().waitFor();
  const lost = await petri
    .cell(9)
    .getByText(/\d+ of the runs ended more than two points below/)
    .textContent();
  expect(Number.parseInt(lost ?? "", 10)).toBeGreaterThan(3);
  const dots = petri.cell(13).locator("svg circle");
  await dots.first().waitFor();
  const reached = await dots.count();
  expect(reached).toBeGreaterThan(5);
  await petri.slide("accuracy", 0.5);
  await expect.poll(() => dots.count()).toBeGreaterThan(reached);
  expect(petri.errors).toEqual([]);

  await petri.page.reload();
  await petri.ready();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.page.getByText("All 36 runs are here already.").waitFor();
  expect(await petri.rows("SELECT count(*)::INT AS n FROM metrics")).toEqual([{n: 2160}]);
});
