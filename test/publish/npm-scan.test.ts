import {expect, test} from "vitest";
import {optionalSpecifiersIn} from "../../src/publish/npm/scan.ts";
import {npmSpecifiersIn} from "../../src/publish/npm-modules.ts";

const cell = (type: string, source: string): string => `<script type="${type}">\n${source}\n</script>`;

test("finds static, dynamic and resolved imports, each once", () => {
  const notebook = cell(
    "module",
    `import he from "npm:he";
import {hexbin} from 'npm:d3-hexbin@0.2';
const a = await import("npm:he");
const b = import.meta.resolve("npm:us-atlas/states.json");
import x from "https://cdn.jsdelivr.net/npm/d3-tile@1/+esm";`
  );
  expect(npmSpecifiersIn(notebook)).toEqual([
    "npm:he",
    "npm:d3-hexbin@0.2",
    "npm:us-atlas/states.json",
    "npm:d3-tile@1"
  ]);
});

test("reads typescript cells, and bare names in observable javascript only", () => {
  expect(npmSpecifiersIn(cell("text/x-typescript", `import x from "npm:x";`))).toEqual(["npm:x"]);
  const old = `d3 = require("d3@7", "topojson-client")\nhe = import("he")`;
  expect(npmSpecifiersIn(cell("application/vnd.observable.javascript", old))).toEqual(["npm:d3@7", "npm:he"]);
  expect(npmSpecifiersIn(cell("module", `import("he")`))).toEqual([]);
});

test("prose that names an import makes none; a call in it does", () => {
  expect(npmSpecifiersIn(cell("text/markdown", 'write `npm:he` or `import he from "npm:he"`'))).toEqual([]);
  const interpolated = "$" + `{(await import("npm:he")).encode("<")}`;
  expect(npmSpecifiersIn(cell("text/markdown", interpolated))).toEqual(["npm:he"]);
});

test("what is no specifier is passed over", () => {
  expect(
    npmSpecifiersIn(cell("module", `const a = "npm:", b = "npm:../x", c = "https://example.com/x.js";`))
  ).toEqual([]);
});

test("finds the packages behind optional builtins", () => {
  expect(optionalSpecifiersIn(cell("module", "mermaid`graph TD; A-->B`"))).toEqual(["npm:mermaid"]);
  expect(optionalSpecifiersIn(cell("module", "1 + 1"))).toEqual([]);
});
