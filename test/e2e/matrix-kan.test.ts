import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebook on spline orders gives the recorded verdict and measures the reader's device", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "matrix-kan");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  const verdictOn = async (claim: string) => {
    const cells = await petri.page
      .getByRole("row")
      .filter({hasText: claim})
      .getByRole("cell")
      .allTextContents();
    return `${claim}: ${cells.at(-2)}`;
  };
  expect(await verdictOn("all forms give the same outputs to 1e-5")).toMatch(/: held$/);
  // What was recorded gives the verdict that the list of systems tells.
  const told = [
    await verdictOn("the matrix form is faster than the recursion"),
    await verdictOn("the speed-up rises with the order"),
    await verdictOn("the speed-up rises with the batch"),
    await verdictOn("the matrix form is about 40 times as fast")
  ];
  expect(systems.find(({id}) => id === "matrixkan")?.verdict).toBe(
    `${told.join("; ")} (a layer of 64 x 32 on WebAssembly, forward and backward)`
  );
  await petri.slide("highest order", 3);
  await petri.slide("rounds", 1);
  await petri.page.getByRole("button", {name: "Measure", exact: true}).click();
  await petri.page.getByText("Outputs of the forms differ by").waitFor();
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  // Two orders in three forms, the same outputs.
  expect(
    await petri.rows(
      "SELECT count(*) FILTER (key IN ('recursive', 'matrix', 'fused') AND value > 0) AS times, max(value) FILTER (key = 'difference') < 1e-5 AS same FROM metrics"
    )
  ).toEqual([{times: 6, same: true}]);
  expect(petri.errors).toEqual([]);
});
