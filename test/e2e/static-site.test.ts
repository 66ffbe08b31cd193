import {join} from "node:path";
import {expect, test} from "vitest";
import {appFolder} from "../../src/cli/built-app.ts";
import {npmBuilder} from "../../src/cli/npm-source.ts";
import {buildSite} from "../../src/publish/site/build-site.ts";
import {writeServiceWorker} from "../../src/publish/site/write-service-worker.ts";
import {temporaryFolder} from "../publish/support/temporary-folder.ts";
import {newProfile} from "./support/browser.ts";
import {staticHost} from "./support/static-host.ts";
import {notebookText, openNotebook, sql, workbench} from "./support/workbench.ts";

const everything = notebookText("Everything", [
  'import {format} from "npm:d3-format@3";\nconst shown = display(format(".2f")(2 / 3));',
  `const run = train(async function* ({ops, key}) {
  const moons = ops.datasets.twoMoons({n: 64, noise: 0.1, seed: 1});
  yield* ops.fit(ops.mlp([2, 8, 2]), moons, {epochs: 2, key});
}, {name: "offline"});
const last = await run;`,
  sql("SELECT count(*)::INT > 0 AS trained FROM metrics WHERE ${last.loss} > 0"),
  "display(Plot.dot([[1, 2]]).plot());"
]);

test("the static site computes everything under a sub-path with the network cut, and keeps edits", async () => {
  const {folder} = await workbench({everything});
  const out = join(await temporaryFolder(), "site");
  await buildSite({
    app: appFolder,
    notebooks: folder,
    out,
    buildNpm: npmBuilder(folder),
    writeServiceWorker
  });
  const host = await staticHost("/deep/er/", () => out);
  const profile = await newProfile();
  const first = await openNotebook(profile, host.address, "everything");
  await first.page.evaluate(async () => {
    const {active} = await navigator.serviceWorker.ready;
    while (active && active.state !== "activated")
      await new Promise((resolve) => active.addEventListener("statechange", resolve, {once: true}));
  });
  await first.page.close();
  await host.cut();

  const petri = await openNotebook(profile, host.address, "everything");
  const cells = await petri.settled();
  expect(cells.filter(({error}) => error)).toEqual([]);
  await petri.cell(1).getByText("0.67").waitFor();
  await petri.cell(3).getByRole("gridcell", {name: "true"}).waitFor();
  expect(await petri.page.evaluate(() => crossOriginIsolated)).toBe(true);

  await petri.rewrite(4, "display(`edited offline`);");
  await petri.page.keyboard.press("ControlOrMeta+s");
  await petri.page.getByRole("status").getByText("Saved", {exact: true}).waitFor();
  await petri.page.reload();
  await petri.cell(4).getByText("edited offline").first().waitFor();
  await petri.page.goto(`${host.address}#/`);
  await petri.page.getByRole("link", {name: "Everything"}).waitFor();
});
