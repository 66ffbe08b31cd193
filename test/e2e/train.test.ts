import {expect, test} from "vitest";
import {newProfileWithoutGpu} from "./support/browser.ts";
import type {PetriPage} from "./support/petri-page.ts";
import {notebookText, openNotebook, sql, workbench} from "./support/workbench.ts";

/** A slider and a training run that goes on until it is stopped, and says when it is known whether its steps are recorded. */
const endless = notebookText("Endless", [
  'const sparsity = view(Inputs.range([0, 1], {label: "sparsity", value: 0, step: 0.01}));',
  `const run = train(async function* ({ops, key}) {
  const moons = ops.datasets.twoMoons({n: 256, noise: 0.1, seed: 1});
  const training = ops.fit(ops.mlp([2, 16, 2]), moons, {epochs: 1e6, key, logEvery: 1});
  for await (const row of training) yield {...row, known: Number(training.plan.status !== "waiting")};
}, {name: "endless", params: {sparsity}});
display(run);`
]);

const brief = notebookText("Brief", [
  "const offset = 0;",
  `const run = train(function* ({params}) {
  for (let step = 1; step <= 5; ++step) yield {step, loss: params.offset + 1 / step};
}, {name: "brief", params: {offset}});
display(run);`,
  "const rows = await Array.fromAsync(run);\ndisplay(`the last loss is ${rows.at(-1).loss}`);",
  sql("SELECT count(*)::INT AS steps, max(value) AS worst FROM metrics WHERE key = 'loss'")
]);

const statuses = `SELECT r.status::VARCHAR AS status, max(p.value_num) AS sparsity
  FROM runs r JOIN params p USING (run_id) WHERE p.key = 'sparsity' GROUP BY r.run_id, r.status ORDER BY sparsity`;

test("moving a slider stops the old run, gives its memory back and starts the new one", async () => {
  const {open} = await workbench({endless});
  const petri = await open("endless");
  const memory = petri.page.locator("petri-footer [title*=' tensors']");
  const tensors = async () => Number.parseInt((await memory.getAttribute("title")) ?? "", 10);
  const known = "key = 'known' AND value = 1";
  await waitForRows(petri, 1, known);
  const before = await tensors();
  for (const [i, value] of [0.25, 0.5, 0.75].entries()) {
    await petri.slide("sparsity", value);
    await waitForRows(petri, i + 2, known);
  }
  expect(await petri.rows(statuses)).toEqual([
    {status: "cancelled", sparsity: 0},
    {status: "cancelled", sparsity: 0.25},
    {status: "cancelled", sparsity: 0.5},
    {status: "running", sparsity: 0.75}
  ]);
  // How many tensors a run holds depends on when they are counted: one more for every row on its way, and for a moment its state
  // as well, when a recorded step is compared with an ordinary one or the training is kept. This waits until they are few, as
  // they would never be again if the three old runs still held theirs.
  await expect.poll(tensors, {timeout: 10_000}).toBeLessThan(1.5 * before);
  await petri.page.getByRole("button", {name: "Cancel run"}).click();
  await expect.poll(tensors, {timeout: 10_000}).toBe(0);
  expect(petri.errors).toEqual([]);
});

test("Cancel ends a run and keeps its rows", async () => {
  const {open} = await workbench({endless});
  const petri = await open("endless");
  await waitForRows(petri, 1);
  await petri.page.getByRole("button", {name: "Cancel run"}).click();
  await petri.page.getByRole("button", {name: "Recompute run"}).waitFor();
  const cells = await petri.settled();
  expect(cells.map(({state}) => state)).toEqual(["done", "done"]);
  const [{status, rows}] = await petri.rows<{status: string; rows: number}>(
    "SELECT r.status::VARCHAR AS status, count(*)::INT AS rows FROM runs r JOIN metrics USING (run_id) GROUP BY ALL"
  );
  expect(status).toBe("cancelled");
  expect(rows).toBeGreaterThan(0);
});

test("the rows of a finished run are in the next SQL cell, and the same parameters answer from the store", async () => {
  const {open} = await workbench({brief});
  const petri = await open("brief");
  const cells = await petri.settled();
  expect(cells.map(({error}) => error)).toEqual([undefined, undefined, undefined, undefined]);
  await petri.cell(3).getByText("the last loss is 0.2").waitFor();
  await petri.cell(4).getByRole("gridcell", {name: "5", exact: true}).waitFor();
  await petri.rewrite(1, "const offset = 1;");
  await petri.cell(3).getByText("the last loss is 1.2").waitFor();
  await petri.cell(4).getByRole("gridcell", {name: "10", exact: true}).waitFor();
  await petri.rewrite(1, "const offset = 0;");
  await petri.cell(3).getByText("the last loss is 0.2").waitFor();
  await petri
    .cell(2)
    .getByText(/from cache/)
    .first()
    .waitFor();
  expect(await petri.rows("SELECT count(*)::INT AS runs FROM runs")).toEqual([{runs: 2}]);
});

test("an exception in the training function is shown at its line, and the notebook goes on", async () => {
  const failing = notebookText("Failing", [
    `const run = train(function* () {
  yield {step: 1, loss: 1};
  throw new RangeError("no more data");
}, {name: "failing"});
display(await run);`,
    "display(6 * 7);"
  ]);
  const {open} = await workbench({failing});
  const petri = await open("failing");
  const [broken, fine] = await petri.settled();
  expect(broken).toMatchObject({state: "error", error: {line: 3}});
  expect(fine.state).toBe("done");
  await petri.cell(1).getByText("no more data").first().waitFor();
});

test("a loss that is not a number ends the run as diverged, with its step", async () => {
  const diverging = notebookText("Diverging", [
    `const run = train(function* () {
  for (let step = 1; step < 100; ++step) yield {step, loss: step < 7 ? 1 / step : Number.NaN};
}, {name: "diverging"});
display(run);`
  ]);
  const {open} = await workbench({diverging});
  const petri = await open("diverging");
  await petri
    .cell(1)
    .getByText(/diverged at step 7/)
    .first()
    .waitFor();
});

test("without WebGPU a run trains on WebAssembly, and the page says so", async () => {
  const {address} = await workbench({endless});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "endless");
  await waitForRows(petri, 1);
  await petri.page.locator("petri-footer").getByText("WebAssembly", {exact: true}).waitFor();
  await petri.page.getByRole("button", {name: "Cancel run"}).click();
  expect((await petri.settled()).map(({error}) => error)).toEqual([undefined, undefined]);
});

/** Resolves when this many runs have given a row, or one of this kind. */
function waitForRows(petri: PetriPage, runs: number, kind = "true"): Promise<void> {
  return petri.rowsReach(`SELECT count(DISTINCT run_id)::INT FROM metrics WHERE ${kind}`, runs);
}
