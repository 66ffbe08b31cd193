import {mkdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {buildApp} from "../../src/publish/app.ts";
import {temporaryFolder} from "./support/temporary-folder.ts";

async function project() {
  const root = await temporaryFolder();
  await mkdir(join(root, "src/cells"), {recursive: true});
  await writeFile(join(root, "src/cells/a.ts"), "1");
  const folder = join(root, ".petri/app");
  let builds = 0;
  const build = (fail = false) =>
    buildApp({
      root,
      folder,
      bundle: async (outDir) => {
        if (fail) throw new Error("a syntax error");
        await writeFile(join(outDir, "index.html"), `build ${++builds}`);
      }
    });
  return {root, build, page: () => readFile(join(folder, "index.html"), "utf8")};
}

test("is built once, and again when a source changed", async () => {
  const {root, build, page} = await project();
  await build();
  await build();
  expect(await page()).toBe("build 1");
  await writeFile(join(root, "src/cells/a.ts"), "2");
  await build();
  expect(await page()).toBe("build 2");
});

test("a build that fails leaves the last good one", async () => {
  const {root, build, page} = await project();
  await build();
  await writeFile(join(root, "src/cells/b.ts"), "");
  await expect(build(true)).rejects.toThrow("a syntax error");
  expect(await page()).toBe("build 1");
  await build();
  expect(await page()).toBe("build 2");
});
