import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

/** The notebooks that come with Petri, trained on WebAssembly: a software GPU takes ten times as long. */
async function shipped() {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  return {address, profile: await newProfileWithoutGpu()};
}

test("the quickstart trains on the digits, and dragging sparsity starts a second run beside the first", async () => {
  const {address, profile} = await shipped();
  const petri = await openNotebook(profile, address, "quickstart");
  // A run that is superseded before it reaches the worker leaves nothing behind.
  const card = petri.page.getByRole("group", {name: "Training run sparse digits"});
  await card.getByText(/^step \d/).waitFor();
  await petri.slide("sparsity", 0.5);
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  const runs = await petri.rows(
    `SELECT p.value_num AS sparsity, r.status::VARCHAR AS status, max(m.value) > 0.9 AS learnt
    FROM runs r JOIN params p ON p.run_id = r.run_id AND p.key = 'sparsity'
    LEFT JOIN metrics m ON m.run_id = r.run_id AND m.key = 'testAccuracy'
    WHERE r.name = 'sparse digits' GROUP BY ALL ORDER BY sparsity`
  );
  expect(runs[0]).toEqual({sparsity: 0.5, status: "completed", learnt: true});
  expect(runs[1]).toMatchObject({sparsity: 0.9, status: "cancelled"});
  const table = petri.page.getByRole("grid").first();
  await table.getByRole("gridcell", {name: "completed"}).waitFor();
  await table.getByRole("gridcell", {name: "cancelled"}).waitFor();
  expect(petri.errors).toEqual([]);
});

test("the playground learns its spirals and draws them", async () => {
  const {address, profile} = await shipped();
  const petri = await openNotebook(profile, address, "playground");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  await petri.page.getByText("step 3000").waitFor();
  expect(petri.errors).toEqual([]);
});

test("nine runs are kept, compared and traced, and a second visit finds them instead of computing", async () => {
  const {address, profile} = await shipped();
  const petri = await openNotebook(profile, address, "runs");
  const first = await petri.settled();
  expect(first.filter(({error}) => error)).toEqual([]);
  const table = petri.page.getByRole("grid").first();
  await table.getByRole("gridcell", {name: "completed"}).nth(8).waitFor();
  expect(
    await petri.rows(
      "SELECT params['learningRate'] AS rate FROM over_seeds('heldOut') ORDER BY mean DESC LIMIT 1"
    )
  ).toEqual([{rate: "0.01"}]);
  expect(
    await petri.rows("SELECT DISTINCT cell_id, rev, inputs['hidden'] AS hidden FROM run_provenance")
  ).toEqual([{cell_id: 2, rev: 1, hidden: "32"}]);
  await petri.page.reload();
  const second = await petri.settled();
  expect(second.find(({id}) => id === 2)?.state).toBe("cached");
  expect(await petri.rows("SELECT count(*) AS n, count(DISTINCT fingerprint) AS kinds FROM runs")).toEqual([
    {n: 9, kinds: 9}
  ]);
  expect(petri.errors).toEqual([]);
});

test("what the models of the zoo came to is told, and without MNIST how to get it", async () => {
  const {address, profile} = await shipped();
  const petri = await openNotebook(profile, address, "mnist");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  // Two networks, three seeds.
  await petri.page.locator("tbody tr").nth(5).waitFor();
  await petri.page.getByRole("button", {name: "Train"}).click();
  await petri.page
    .getByText(/MNIST is not shipped with Petri.* put them into/)
    .first()
    .waitFor();
  const text = await openNotebook(profile, address, "shakespeare");
  expect((await text.settled()).filter(({error}) => error)).toEqual([]);
  await text.page.locator("tbody tr").nth(2).waitFor();
  await text.page.getByRole("button", {name: "Train"}).click();
  await text.page.getByText(/^step \d/).waitFor();
  expect(text.errors).toEqual([]);
});
