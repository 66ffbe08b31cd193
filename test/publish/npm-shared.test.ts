import {createRequire} from "node:module";
import {expect, test} from "vitest";
import {sharedModules} from "../../src/cells/library/shared-modules.ts";
import {
  D3_MODULES,
  SHARED,
  sharedKey,
  sharedKeyOfPath,
  sharedModuleSource,
  sharedPath
} from "../../src/publish/npm/shared.ts";

test("the server leaves to the page exactly what the page provides", () => {
  const provided = sharedModules({arrow: () => Promise.reject(new Error("not asked for here"))});
  expect(Object.keys(provided).sort()).toEqual([...SHARED].sort());
});

test("the parts of d3 are those of the d3 that is installed", () => {
  const {dependencies} = createRequire(import.meta.url)("../../node_modules/d3/package.json") as {
    dependencies: Record<string, string>;
  };
  expect([...D3_MODULES].sort()).toEqual(Object.keys(dependencies).sort());
  expect(sharedKey("d3-array")).toBe("d3");
  expect(sharedKey("d3-hexbin")).toBeUndefined();
});

test("a shared module's address leads back to its key", () => {
  for (const key of SHARED) expect(sharedKeyOfPath(sharedPath(key))).toBe(key);
  expect(sharedKeyOfPath("@/shared/he.js")).toBeUndefined();
  expect(sharedKeyOfPath("d3.js")).toBeUndefined();
});

test("exports that cannot be declared are left to the default", () => {
  const source = sharedModuleSource("x", ["a", "default", "new", "not-a-name", "$b"]);
  expect(source).toContain("export const {a, $b} = shared;");
});
