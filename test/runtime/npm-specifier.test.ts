import {describe, expect, test} from "vitest";
import {
  isNpmFile,
  npmFilePath,
  npmModulePath,
  npmRequest,
  npmSpecifierOfUrl,
  parseNpmSpecifier,
  SpecifierError
} from "../../src/runtime/npm-specifier.ts";

describe("parseNpmSpecifier", () => {
  test.each([
    ["npm:d3", {name: "d3", range: "", path: ""}],
    ["npm:d3@7", {name: "d3", range: "7", path: ""}],
    ["npm:d3@^7.1/dist/d3.js", {name: "d3", range: "^7.1", path: "dist/d3.js"}],
    ["npm:@observablehq/plot", {name: "@observablehq/plot", range: "", path: ""}],
    [
      "npm:@observablehq/plot@0.6/src/index.js",
      {name: "@observablehq/plot", range: "0.6", path: "src/index.js"}
    ],
    ["npm:lodash/+esm", {name: "lodash", range: "", path: ""}]
  ])("%s", (specifier, parts) => {
    expect(parseNpmSpecifier(specifier)).toEqual(parts);
  });

  test.each(["npm:", "npm:../secret", "npm:d3/../../secret", "npm:@scope", "npm:d3@7 || 8", "npm:.hidden"])(
    "refuses %s",
    (specifier) => {
      expect(() => parseNpmSpecifier(specifier)).toThrow(SpecifierError);
    }
  );
});

describe("addresses", () => {
  test("a module's address leads back to its specifier", () => {
    for (const specifier of ["npm:d3", "npm:@scope/x@1.2/a/b.js", "npm:three@^0.160"]) {
      const path = decodeURIComponent(npmModulePath(specifier));
      expect(npmRequest(path.slice("npm/".length))).toEqual({kind: "module", specifier});
    }
  });

  test("a file's address leads back to its specifier", () => {
    const path = npmFilePath("npm:us-atlas@3/states-10m.json");
    expect(path).toBe("npm/@/file/us-atlas@3/states-10m.json");
    expect(npmRequest(path.slice("npm/".length))).toEqual({
      kind: "file",
      specifier: "npm:us-atlas@3/states-10m.json"
    });
  });

  test("other addresses are neither", () => {
    expect(npmRequest("d3.css")).toBeUndefined();
    expect(npmRequest("@/else/d3.js")).toBeUndefined();
  });

  test("data and styles are files, code is not", () => {
    expect(isNpmFile("npm:us-atlas/states.json")).toBe(true);
    expect(isNpmFile("npm:leaflet/dist/leaflet.css")).toBe(true);
    expect(isNpmFile("npm:d3/dist/d3.mjs")).toBe(false);
    expect(isNpmFile("npm:d3")).toBe(false);
  });
});

test.each([
  ["https://cdn.jsdelivr.net/npm/d3@7/+esm", "npm:d3@7"],
  ["https://cdn.jsdelivr.net/npm/@observablehq/plot/+esm", "npm:@observablehq/plot"],
  ["https://esm.sh/preact@10/hooks?bundle", "npm:preact@10/hooks"],
  ["https://unpkg.com/he", "npm:he"],
  ["https://example.com/npm/d3", undefined],
  ["https://esm.sh/jsr/@std/path", undefined]
])("the npm form of %s is %s", (url, specifier) => {
  expect(npmSpecifierOfUrl(url)).toBe(specifier);
});
