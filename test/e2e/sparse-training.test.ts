import {cp, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

/** The notebooks that come with Petri, with smaller comparisons. */
async function shipped() {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const file = join(folder, "sparse-training.html");
  const text = await readFile(file, "utf8");
  const smaller = text
    .replace(
      "steps: 430, seeds: 3, sparsities: [0.8, 0.9, 0.95, 0.98, 0.99]",
      "steps: 90, seeds: 1, sparsities: [0.9]"
    )
    .replace(
      "steps: 200, seeds: 3, sparsities: [0.8, 0.9, 0.95, 0.99], lengths: [1, 2, 4, 8]",
      "steps: 40, seeds: 1, sparsities: [0.9], lengths: [1, 2]"
    );
  expect(smaller).toContain("steps: 90");
  expect(smaller).toContain("steps: 40");
  await writeFile(file, smaller);
  return address;
}

/** The papers by the names that the verdict's table has for them. */
const papers: Readonly<Record<string, string>> = {
  SET: "scalable-training-of-artificial-neural-networks-with-adaptive",
  "DST-EE": "dynamic-sparse-training-via-balancing-the-exploration-exploitation",
  SRigL: "dynamic-sparse-training-with-structured-sparsity",
  "random pruning": "the-unreasonable-effectiveness-of-random-pruning",
  "why random pruning": "why-random-pruning-is-all-we-need-to",
  "to prune, or not to prune": "to-prune-or-not-to-prune",
  "global magnitude": "is-complexity-required-for-neural-network-pruning-a",
  rethinking: "accurate-neural-network-pruning-requires-rethinking-sparse-optimization"
};

test("sparse training trains what the sliders say, and verdicts come from the recorded figures, then from one's own", async () => {
  const petri = await openNotebook(await newProfileWithoutGpu(), await shipped(), "sparse-training");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  const table = petri.page.getByRole("table").filter({hasText: "what came out"});
  const rows = (await table.getByRole("row").all()).slice(1);
  const told: Record<string, string[]> = {};
  for (const row of rows) {
    const [paper = "", claim, verdict] = (await row.getByRole("cell").allTextContents()).slice(-4);
    told[paper] = [...(told[paper] ?? []), `${claim}: ${verdict}`];
  }
  for (const [paper, id] of Object.entries(papers))
    expect(systems.find((system) => system.id === id)?.verdict).toBe(
      `${told[paper]?.join("; ")} (64-96-96-10 on digits, 3 seeds)`
    );
  await petri.page.getByRole("grid").first().getByRole("gridcell", {name: "RigL"}).waitFor();
  const [row] = await petri.rows(
    `SELECT r.status::VARCHAR AS status, max(m.value) FILTER (m.key = 'testAccuracy') > 0.7 AS learnt,
      round(max(m.value) FILTER (m.key = 'sparsity'), 2) AS sparsity, max(m.value) FILTER (m.key = 'itop') > 0.05 AS explored
    FROM runs r LEFT JOIN metrics m USING (run_id) WHERE r.name = 'sparse training' GROUP BY r.run_id, status`
  );
  expect(row).toEqual({status: "completed", learnt: true, sparsity: 0.95, explored: true});
  await petri.page.getByRole("button", {name: "Run all of them"}).click();
  // One seed is too few for a verdict.
  await petri.page.getByText("No verdict without the figures: run all of them.", {exact: true}).waitFor();
  await petri.page.getByText("Computed by you.", {exact: true}).waitFor();
  await petri.page.getByRole("button", {name: "Train short and long"}).click();
  await petri.page.getByRole("group", {name: "Training run recipes of several lengths"}).waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  expect(
    await petri.rows(
      `SELECT r.name, count(DISTINCT m.step)::INT AS trainings FROM runs r JOIN metrics m USING (run_id)
      WHERE r.name IN ('sparse training compared', 'recipes of several lengths') GROUP BY r.name ORDER BY r.name`
    )
  ).toEqual([
    {name: "recipes of several lengths", trainings: 8},
    {name: "sparse training compared", trainings: 11}
  ]);
  expect(petri.errors).toEqual([]);
});
