import {mkdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {buildSite} from "../../src/publish/site/build-site.ts";
import {listFiles} from "../../src/publish/site/list-files.ts";
import type {SiteManifest} from "../../src/publish/site/manifest.ts";
import {one} from "./support/running-server.ts";
import {temporaryFolder} from "./support/temporary-folder.ts";

/** Builds a site of one notebook; answers its folder and the manifest that the service worker gets. */
async function site({page = "<body></body>"} = {}) {
  const folder = await temporaryFolder();
  const [app, notebooks, out] = ["app", "notebooks", "out"].map((name) => join(folder, name));
  await mkdir(join(app, "assets"), {recursive: true});
  await mkdir(join(notebooks, "data"), {recursive: true});
  await writeFile(join(app, "index.html"), page);
  await writeFile(join(app, ".petri-build"), "hash");
  await writeFile(join(app, "assets/entry-1.js"), "entry");
  await writeFile(join(notebooks, "one.html"), one);
  await writeFile(join(notebooks, ".petri-x.tmp"), "half a write");
  await writeFile(join(notebooks, "data/table.csv"), "a\n1\n");
  const manifests: SiteManifest[] = [];
  const build = () =>
    buildSite({
      app,
      notebooks,
      out,
      buildNpm: async (npm) => {
        await mkdir(npm);
        await writeFile(join(npm, "d3@7.js"), "d3");
      },
      writeServiceWorker: async (_site, manifest) => void manifests.push(manifest)
    });
  return {folder, notebooks, out, manifests, build};
}

test("holds the page, the notebooks, their data, a list of them, and the packages", async () => {
  const {out, build} = await site();
  expect(await build()).toMatchObject({notebooks: 1, files: 6});
  expect(await listFiles(out)).toEqual([
    "assets/entry-1.js",
    "index.html",
    "notebooks/data/table.csv",
    "notebooks/index.json",
    "notebooks/one.html",
    "npm/d3@7.js"
  ]);
  const {notebooks} = JSON.parse(await readFile(join(out, "notebooks/index.json"), "utf8"));
  expect(notebooks).toMatchObject([{name: "one", title: "One"}]);
});

test("the service worker keeps every file, and the page that registers it", async () => {
  const {out, build, manifests} = await site();
  await build();
  const files = (await listFiles(out)).filter((file) => file !== "index.html");
  expect(manifests[0].files).toEqual(files);
  expect(manifests[0].page).toContain('register("./sw.js")');
  expect(await readFile(join(out, "index.html"), "utf8")).toBe(manifests[0].page);
});

test("the build's name changes with any file, and only then", async () => {
  const {build, manifests, notebooks} = await site();
  await build();
  await build();
  await writeFile(join(notebooks, "data/table.csv"), "a\n2\n");
  await build();
  const [first, again, changed] = manifests.map((manifest) => manifest.build);
  expect(again).toBe(first);
  expect(changed).not.toBe(first);
});

test("does not empty a folder that it did not make", async () => {
  const {out, build} = await site();
  await mkdir(out);
  await writeFile(join(out, "thesis.txt"), "years of work");
  await expect(build()).rejects.toThrow("has files in it that no build made");
  expect(await readFile(join(out, "thesis.txt"), "utf8")).toBe("years of work");
});
