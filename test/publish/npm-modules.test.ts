import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {pathToFileURL} from "node:url";
import {afterAll, beforeAll, beforeEach, describe, expect, test} from "vitest";
import {bundleNpmModule, npmModules, prebuildNpmModules} from "../../src/publish/npm-modules.ts";

const project = process.cwd();
let folder: string;
let root: string;
let outDir: string;

/** Installs a package made of files into `root`, as npm would. */
async function install(name: string, manifest: object, files: Record<string, string>): Promise<void> {
  const home = join(root, "node_modules", name);
  for (const [path, text] of Object.entries({
    "package.json": JSON.stringify({name, version: "1.2.3", ...manifest}),
    ...files
  })) {
    await mkdir(dirname(join(home, path)), {recursive: true});
    await writeFile(join(home, path), text);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "petri-npm-"));
  root = join(folder, "project");
  await install(
    "esm-package",
    {type: "module", exports: {".": "./main.js"}},
    {
      "main.js": `import {deep} from "dependency"; export const answer = 42 + deep; export default {answer};`,
      "hidden/extra.js": `export {answer} from "esm-package"; export const extra = "extra";`,
      "data.json": `{"rows": 3}`,
      "style.css": `.a { background: url("./images/a.png") }`,
      "images/a.png": "not really"
    }
  );
  await install("dependency", {main: "index.js"}, {"index.js": "exports.deep = 0;"});
  await install(
    "commonjs",
    {main: "index.js"},
    {
      "index.js": `function shout(text) { return text.toUpperCase(); } shout.version = "1"; module.exports = shout;`
    }
  );
  await install(
    "plugin",
    {type: "module", main: "index.js", peerDependencies: {"esm-package": "*"}},
    {
      "index.js": `import host, {answer} from "esm-package"; export const seen = answer; export const same = host;`
    }
  );
  await install("node-env", {main: "index.js"}, {"index.js": "exports.mode = process.env.NODE_ENV;"});
  await install("broken", {type: "module", main: "index.js"}, {"index.js": `import "nowhere-to-be-found";`});
});

afterAll(() => rm(folder, {recursive: true, force: true}));

beforeEach(async () => {
  outDir = await mkdtemp(join(folder, "out-"));
});

/** The namespace of a module that was built, as a page would see it. */
async function load(path: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(outDir, path)).href)) as Record<string, unknown>;
}

describe("bundleNpmModule", () => {
  test("gives the named and the default exports of an ES module, with its dependencies inside", async () => {
    const built = await bundleNpmModule({specifier: "npm:esm-package", root, outDir});
    expect(built).toEqual({file: join(outDir, "esm-package.js"), version: "1.2.3", imports: []});
    const module = await load("esm-package.js");
    expect(module.answer).toBe(42);
    expect(module.default).toEqual({answer: 42});
  });

  test("gives what a CommonJS package sets, as its default and as a namespace", async () => {
    await bundleNpmModule({specifier: "npm:commonjs", root, outDir});
    const module = await load("commonjs.js");
    expect((module.default as (text: string) => string)("hi")).toBe("HI");
    expect((module.__namespace as {version: string}).version).toBe("1");
  });

  test("a version range hands on the one module of the package", async () => {
    const built = await bundleNpmModule({specifier: "npm:esm-package@^1.0", root, outDir});
    expect(built.warning).toBeUndefined();
    expect(built.imports).toEqual(["esm-package.js"]);
    const [ranged, plain] = [await load("esm-package@^1.0.js"), await load("esm-package.js")];
    expect(ranged.default).toBe(plain.default);
  });

  test("uses the installed version and warns when the range wants another", async () => {
    const built = await bundleNpmModule({specifier: "npm:esm-package@2", root, outDir});
    expect(built.version).toBe("1.2.3");
    expect(built.warning).toContain("npm install esm-package@2");
    expect(await readFile(built.file, "utf8")).toContain("console.warn(");
  });

  test("a tag such as latest is answered by what is installed", async () => {
    const built = await bundleNpmModule({specifier: "npm:esm-package@latest", root, outDir});
    expect(built.warning).toBeUndefined();
  });

  test("reaches files that a package's exports hide, and shares the package's main module with them", async () => {
    const built = await bundleNpmModule({specifier: "npm:esm-package/hidden/extra", root, outDir});
    expect(built.imports).toEqual(["esm-package.js"]);
    await bundleNpmModule({specifier: "npm:esm-package", root, outDir});
    expect(await load("esm-package/hidden/extra.js")).toMatchObject({answer: 42, extra: "extra"});
  });

  test("a peer is imported, not copied", async () => {
    const built = await bundleNpmModule({specifier: "npm:plugin", root, outDir});
    expect(built.imports).toEqual(["esm-package.js"]);
    await bundleNpmModule({specifier: "npm:esm-package", root, outDir});
    const [plugin, host] = [await load("plugin.js"), await load("esm-package.js")];
    expect(plugin.same).toBe(host.default);
  });

  test("packages that the page holds are left to the page", async () => {
    const {file, imports} = await bundleNpmModule({specifier: "npm:d3-geo-voronoi", root: project, outDir});
    expect(imports).toEqual(["@/shared/d3.js"]);
    expect(await readFile(file, "utf8")).toContain(`from"./@/shared/d3.js"`);
  });

  test("React's renderer, which is CommonJS, uses the page's React", async () => {
    const {imports} = await bundleNpmModule({specifier: "npm:react-dom/server", root: project, outDir});
    expect(imports).toContain("@/shared/react.js");
  });

  test("code is built for production", async () => {
    await bundleNpmModule({specifier: "npm:node-env", root, outDir});
    expect((await load("node-env.js")).default).toEqual({mode: "production"});
  });

  test("is not made twice, and is made anew when the package changes", async () => {
    const {file} = await bundleNpmModule({specifier: "npm:dependency", root, outDir});
    await writeFile(file, "kept");
    await bundleNpmModule({specifier: "npm:dependency", root, outDir});
    expect(await readFile(file, "utf8")).toBe("kept");
    await install("dependency", {main: "index.js", version: "1.3.0"}, {});
    const again = await bundleNpmModule({specifier: "npm:dependency", root, outDir});
    expect(again.version).toBe("1.3.0");
    expect(await readFile(file, "utf8")).not.toBe("kept");
  });

  test.each([
    ["npm:absent@2", "the package “absent” is not installed; run: npm install absent@2"],
    ["npm:esm-package/absent.js", "esm-package 1.2.3 has no file “absent.js”; see its package.json"],
    ["npm:broken", /could not be bundled.*nowhere-to-be-found/s],
    ["npm:../escape", /is not an npm import/]
  ])("%s fails with a reason", async (specifier, reason) => {
    await expect(async () => bundleNpmModule({specifier, root, outDir})).rejects.toThrow(reason);
  });
});

describe("npmModules", () => {
  test("answers modules, shared modules and files of packages", async () => {
    const fileFor = npmModules({roots: [root, project], outDir});
    expect(await fileFor("esm-package@1.js")).toBe(join(outDir, "esm-package@1.js"));
    expect(await readFile(await fileFor("@/file/esm-package/data.json"), "utf8")).toBe(`{"rows": 3}`);
    const shared = await readFile(await fileFor("@/shared/d3.js"), "utf8");
    expect(shared).toContain("scaleLinear");
    expect(shared).toContain(`("d3")`);
    expect(await readFile(await fileFor("@/shared/react.js"), "utf8")).toContain("useState");
  });

  test("a file outside of a package is not served, whatever leads there", async () => {
    const fileFor = npmModules({roots: [root], outDir});
    await writeFile(join(folder, "secret.json"), "{}");
    await symlink(join(folder, "secret.json"), join(root, "node_modules/esm-package/link.json"));
    await expect(fileFor("@/file/esm-package/link.json")).rejects.toThrow(/has no file/);
    await expect(fileFor("@/file/esm-package/../../../../secret.json")).rejects.toThrow(/not an npm import/);
    await expect(fileFor("index.html")).rejects.toThrow(/not a module's address/);
  });

  test("the nearest folder's packages come first", async () => {
    const near = join(folder, "near");
    await mkdir(join(near, "node_modules/esm-package"), {recursive: true});
    await writeFile(
      join(near, "node_modules/esm-package/package.json"),
      JSON.stringify({name: "esm-package", version: "9.0.0", type: "module", main: "m.js"})
    );
    await writeFile(join(near, "node_modules/esm-package/m.js"), "export const near = true;");
    const fileFor = npmModules({roots: [near, root], outDir});
    await fileFor("esm-package.js");
    expect((await load("esm-package.js")).near).toBe(true);
  });
});

test("a version of d3 that lies beside the notebooks is theirs, and the page keeps its own", async () => {
  const near = join(folder, "with-d3");
  for (const [path, text] of Object.entries({
    "d3/package.json": JSON.stringify({name: "d3", version: "5.0.0", type: "module", main: "index.js"}),
    "d3/index.js": "export const old = true;",
    "uses/package.json": JSON.stringify({name: "uses", version: "1.0.0", type: "module", main: "index.js"}),
    "uses/index.js": `export {old} from "d3";`
  })) {
    await mkdir(dirname(join(near, "node_modules", path)), {recursive: true});
    await writeFile(join(near, "node_modules", path), text);
  }
  const fileFor = npmModules({roots: [near, project], outDir});
  await fileFor("d3@5.js");
  await fileFor("uses.js");
  expect((await load("d3@5.js")).old).toBe(true);
  expect((await load("uses.js")).old).toBe(true);
  expect(await readFile(await fileFor("@/shared/d3.js"), "utf8")).toContain("scaleLinear");
});

describe("prebuildNpmModules", () => {
  test("gives a site what its notebooks import, with all that needs, and says what it cannot give", async () => {
    const site = join(outDir, "site/npm");
    const cell = (source: string): string => `<script type="module">${source}</script>`;
    const result = await prebuildNpmModules({
      roots: [root, project],
      outDir: join(outDir, "cache"),
      site,
      notebooks: [
        cell(`import "npm:plugin"; import "npm:d3-geo-voronoi@^2";`),
        cell(
          `import.meta.resolve("npm:esm-package/style.css"); import "npm:absent"; import "npm:d3@5"; mermaid`
        )
      ]
    });
    expect(result.specifiers).toEqual([
      "npm:plugin",
      "npm:d3-geo-voronoi@^2",
      "npm:esm-package/style.css",
      "npm:d3@5"
    ]);
    expect(result.failures.map(({specifier}) => specifier)).toEqual(["npm:absent"]);
    expect(result.warnings).toHaveLength(1);
    for (const path of [
      "plugin.js",
      "esm-package.js",
      "d3-geo-voronoi@^2.js",
      "d3-geo-voronoi.js",
      "@/shared/d3.js",
      "d3@5.js",
      "@/file/esm-package/style.css",
      "@/file/esm-package/images/a.png"
    ]) {
      await expect(readFile(join(site, path), "utf8"), path).resolves.toBeTruthy();
    }
  });
});
