import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {systems} from "../../src/ops/systems.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the notebook on speed measures every format and says where it pays", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "real-speed");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  // Whatever the machine: single weights are fewer bytes from 50 % on.
  expect(
    await petri.rows(
      "SELECT count(*) AS n FROM metrics m JOIN metrics d USING (run_id, step) WHERE m.key = 'csrBytes' AND d.key = 'denseBytes' AND m.value < d.value"
    )
  ).toEqual([{n: 4}]);
  await petri.page.getByText("fewer bytes from").waitFor();
  // What was recorded gives the verdict that the list of systems tells.
  const claim = "sparse backpropagation is faster than dense";
  const row = petri.page.getByRole("row").filter({hasText: claim});
  const [verdict] = (await row.getByRole("cell").allTextContents()).slice(-2);
  expect(systems.find(({id}) => id === "sparseprop")?.verdict).toBe(
    `${claim}: ${verdict} (a layer of 1024 x 1024 on WebAssembly)`
  );
  expect(petri.errors).toEqual([]);
});
