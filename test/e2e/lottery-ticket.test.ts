import {cp} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {projectRoot} from "../../src/cli/project.ts";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {openNotebook, workbench} from "./support/workbench.ts";

test("the lottery ticket's recorded figures give a verdict, and it can be trained again on the digits", async () => {
  const {folder, address} = await workbench({});
  await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "lottery-ticket");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.page.getByText("The hypothesis held here, in all its parts.").waitFor();
  await petri.page.getByText("As accurate, in the mean, down to").waitFor();
  await petri.slide("rounds", 2);
  await petri.page.getByRole("button", {name: "Train", exact: true}).click();
  await petri.page.getByText("test accuracy in the end").last().waitFor();
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  expect(await petri.rows("SELECT count(DISTINCT value) AS rounds FROM metrics WHERE key = 'round'")).toEqual(
    [{rounds: 3}]
  );
  expect(petri.errors).toEqual([]);
});
