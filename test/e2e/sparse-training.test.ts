import {cp, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

/** The notebooks that come with Petri, with a smaller comparison. */
async function shipped() {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const file = join(folder, "sparse-training.html");
  const text = await readFile(file, "utf8");
  const smaller = text.replace(
    "steps: 430, seeds: 3, sparsities: [0.8, 0.9, 0.95, 0.98, 0.99]",
    "steps: 90, seeds: 3, sparsities: [0.9]"
  );
  expect(smaller).not.toBe(text);
  await writeFile(file, smaller);
  return address;
}

test("sparse training trains what the sliders say, and gives its verdict from figures alone", async () => {
  const petri = await openNotebook(await newProfileWithoutGpu(), await shipped(), "sparse-training");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  await petri.page.getByText("No verdict without the figures: run all of them.", {exact: true}).waitFor();
  await petri.page.getByRole("grid").first().getByRole("gridcell", {name: "RigL"}).waitFor();
  const [row] = await petri.rows(
    `SELECT r.status::VARCHAR AS status, max(m.value) FILTER (m.key = 'testAccuracy') > 0.7 AS learnt,
      round(max(m.value) FILTER (m.key = 'sparsity'), 2) AS sparsity, max(m.value) FILTER (m.key = 'itop') > 0.05 AS explored
    FROM runs r LEFT JOIN metrics m USING (run_id) WHERE r.name = 'sparse training' GROUP BY r.run_id, status`
  );
  expect(row).toEqual({status: "completed", learnt: true, sparsity: 0.95, explored: true});
  await petri.page.getByRole("button", {name: "Run all of them"}).click();
  await petri.page.getByText("RigL is better than SET", {exact: true}).waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  expect(petri.errors).toEqual([]);
});
