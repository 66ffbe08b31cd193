import {expect, test} from "vitest";
import {isUsed} from "../../src/publish/site/engines.ts";

const chrome = "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
const safari =
  "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
const firefox = "Mozilla/5.0 (X11; rv:150.0) Gecko/20100101 Firefox/150.0";

const single = ["assets/duckdb-eh-B1_x.wasm", "assets/duckdb-browser-eh.worker-a.js"];
const threads = [
  "assets/duckdb-coi-B1_x.wasm",
  "assets/duckdb-browser-coi.worker-a.js",
  "assets/duckdb-browser-coi.pthread.worker-a.js"
];

test.each([
  [chrome, 8, threads],
  [firefox, 4, threads],
  [chrome, 2, single],
  [safari, 8, single]
])("%s with %s cores keeps one build of DuckDB", (userAgent, cores, expected) => {
  expect([...single, ...threads].filter((file) => isUsed(file, {cores, userAgent}))).toEqual(expected);
});

test("every other file is kept", () => {
  for (const file of ["assets/index-coi.js", "notebooks/duckdb-eh/data.csv", "assets/arrow-eh.js"]) {
    expect(isUsed(file, {cores: 2, userAgent: chrome})).toBe(true);
  }
});
