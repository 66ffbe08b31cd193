import {expect, test} from "vitest";
import {paramRows} from "../../src/tables/parameters.ts";
import {createStatements, tableNames} from "../../src/tables/schema.ts";

test("one description gives the tables, their keys and checks", () => {
  const statements = createStatements();
  expect(tableNames).toEqual(["runs", "params", "metrics", "latest_metrics"]);
  expect(statements[0]).toContain("run_id VARCHAR PRIMARY KEY");
  expect(statements[0]).toContain("status VARCHAR NOT NULL CHECK (status IN ('queued', 'running'");
  expect(statements[2]).toContain("value DOUBLE NOT NULL");
});

test("numbers that are none keep their names in parameters", () => {
  const [nan, nested] = paramRows("r", {x: Number.NaN, list: [Infinity, Float32Array.of(1)]});
  expect(nan).toEqual({run_id: "r", key: "x", value_str: "NaN", value_num: Number.NaN, value_type: "number"});
  expect(nested.value_str).toBe('["Infinity",[1]]');
});

test("an empty object and an absent value are parameters too", () => {
  expect(paramRows("r", {o: {}, u: undefined}).map(({value_str}) => value_str)).toEqual(["{}", "null"]);
});
