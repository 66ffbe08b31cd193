import {expect, test} from "vitest";
import {chunkFileName} from "../../src/publish/vite/chunk-name.ts";

test("a chunk that a package calls index is named after the package", () => {
  const moduleIds = ["/p/node_modules/a/b.js", "/p/node_modules/@observablehq/plot/src/index.js"];
  expect(chunkFileName({name: "src", moduleIds})).toBe("assets/observablehq-plot-[hash].js");
  expect(chunkFileName({name: "dist", moduleIds: ["/p/node_modules/d3/dist/d3.js"]})).toBe(
    "assets/d3-[hash].js"
  );
});

test("our own chunks keep their names", () => {
  expect(chunkFileName({name: "petri-home", moduleIds: ["/p/src/cells/app/petri-home.ts"]})).toBe(
    "assets/[name]-[hash].js"
  );
});
