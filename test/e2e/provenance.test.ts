import {expect, test} from "vitest";
import {notebookText, sql, workbench} from "./support/workbench.ts";

const traced = notebookText("Traced", [
  'const lr = view(Inputs.range([0, 1], {label: "lr", value: 0.25, step: 0.05}));',
  `// One step of nothing.
const run = train(function* ({params}) {
  yield {step: 1, loss: params.lr};
}, {name: "traced", params: {lr}});
display(run);`,
  sql("SELECT run, cell_id, rev, inputs['lr'] AS lr, status FROM run_provenance ORDER BY lr"),
  sql("SELECT run, best_value FROM run_metrics WHERE key = 'loss' ORDER BY best_value")
]);

const runs = "SELECT inputs['lr'] AS lr, rev, source FROM run_provenance ORDER BY lr";
const count = "SELECT count(*)::INT FROM run_provenance";

test("runs lead back to the cell, its revision and the values it read, after a reload too", async () => {
  const {open} = await workbench({traced});
  const petri = await open("traced");
  await petri.settled();
  await petri.rowsReach(count, 1);
  await petri.slide("lr", 0.5);
  await petri.rowsReach(count, 2);
  await petri.rewrite(2, 'const run = train(function* () { yield {loss: lr / 2}; }, {name: "traced"});');
  await petri.rowsReach(count, 3);
  const before = await petri.rows<{lr: string; rev: number; source: string}>(runs);
  expect(before.map(({lr, rev}) => [lr, rev])).toEqual(
    [
      ["0.25", 1],
      ["0.5", 1],
      ["0.5", 2]
    ].sort()
  );
  expect(before[0].source).toContain("// One step of nothing.");
  await petri
    .cell(4)
    .getByRole("gridcell", {name: /^0\.50*$/})
    .first()
    .waitFor();
  await petri.cell(3).getByRole("gridcell", {name: "2", exact: true}).first().waitFor();

  await petri.page.reload();
  await petri.ready();
  await petri.settled();
  await petri.rowsReach("SELECT count(*)::INT FROM cell_execs WHERE status = 'cached'", 1);
  expect(await petri.rows(runs)).toEqual(before);
  const [{asked}] = await petri.rows("SELECT count(*)::INT AS asked FROM cells WHERE cell_id = 2");
  expect(asked).toBe(2);
  expect(petri.errors).toEqual([]);
});
