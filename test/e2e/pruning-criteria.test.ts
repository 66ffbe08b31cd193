import {cp, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

const SIZE = "sparsities: [0.5, 0.7, 0.8, 0.9, 0.95, 0.98], retrain: 60";

/** The notebooks that come with Petri, with a smaller comparison. */
async function shipped() {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const file = join(folder, "pruning-criteria.html");
  const text = await readFile(file, "utf8");
  const smaller = text
    .replace(SIZE, "sparsities: [0.9], retrain: 30")
    .replace("steps: 400", "steps: 100")
    .replace('{label: "seeds", value: 3', '{label: "seeds", value: 1');
  expect(smaller).toContain("sparsities: [0.9]");
  expect(smaller).toContain("steps: 100");
  await writeFile(file, smaller);
  return address;
}

test("the recorded figures of pruning criteria give a verdict, and then one's own", async () => {
  const petri = await openNotebook(await newProfileWithoutGpu(), await shipped(), "pruning-criteria");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  const claim = "DSnoT mends masks of Wanda";
  const dsnot = petri.page.getByRole("row").filter({hasText: claim});
  const [verdict] = (await dsnot.getByRole("cell").allTextContents()).slice(-2);
  expect(systems.find(({id}) => id === "dynamic-sparse-no-training")?.verdict).toBe(
    `${claim}: ${verdict} (64-64-64-10 on digits, 3 seeds)`
  );
  await petri.page.getByRole("button", {name: "Run all scores"}).click();
  await petri.page.getByText("Computed by you.", {exact: true}).waitFor();
  await petri.page.getByRole("cell", {name: "any criterion is better than chance"}).waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  const [row] = await petri.rows(
    `SELECT count(DISTINCT key)::INT AS keys, min(value) >= 0 AND max(value) <= 1 AS shares
    FROM metrics m JOIN runs r USING (run_id)
    WHERE r.name = 'pruning criteria' AND (key LIKE '%, as cut' OR key LIKE '%, retrained')`
  );
  expect(row).toEqual({keys: 28, shares: true});
  expect(petri.errors).toEqual([]);
});
