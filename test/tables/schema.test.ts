import {expect, test} from "vitest";
import {createStatements, keyColumns, tableNames} from "../../src/tables/ddl.ts";
import {paramRows} from "../../src/tables/parameters.ts";

test("one description gives the tables, their keys and checks", () => {
  const statement = (name: string) =>
    createStatements().find((sql) => sql.startsWith(`CREATE TABLE ${name} `));
  expect(tableNames).toHaveLength(13);
  expect(statement("runs")).toContain(`"status" VARCHAR NOT NULL CHECK (status IN ('queued', 'running'`);
  expect(statement("runs")).toContain("PRIMARY KEY (run_id)");
  expect(statement("metrics")).toContain(`"value" DOUBLE NOT NULL`);
  // MLflow's key over all columns of metrics was larger than the rows.
  expect(statement("metrics")).not.toContain("KEY");
  expect(keyColumns("artifacts")).toEqual(["artifact_id", "version"]);
});

test("numbers that are none keep their names in parameters", () => {
  const [nan, nested] = paramRows("r", {x: Number.NaN, list: [Infinity, Float32Array.of(1)]});
  expect(nan).toEqual({run_id: "r", key: "x", value_str: "NaN", value_num: Number.NaN, value_type: "number"});
  expect(nested.value_str).toBe('["Infinity",[1]]');
});

test("an empty object and an absent value are parameters too", () => {
  expect(paramRows("r", {o: {}, u: undefined}).map(({value_str}) => value_str)).toEqual(["{}", "null"]);
});
