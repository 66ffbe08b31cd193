import {readFileSync} from "node:fs";
import {createContext, runInContext} from "node:vm";
import {expect, test} from "vitest";

const script = readFileSync(new URL("../../src/tables/duckdb-worker.js", import.meta.url), "utf8");

test("errors that the page is told are not written to the console as well", () => {
  const written: unknown[] = [];
  const scope = createContext({
    console: {log: (...said: unknown[]) => written.push(said)},
    WebAssembly: {Memory: class {}},
    importScripts: (name: string) => runInContext(name, scope)
  });
  runInContext(
    "self = {name: `console.log('loaded', 1); console.log(new Error('query was canceled'))`}",
    scope
  );
  runInContext(script, scope);
  expect(written).toEqual([["loaded", 1]]);
});
