import {tableFromIPC} from "apache-arrow";
import {expect, test} from "vitest";
import {decodeRows, encodeRows} from "../../src/tables/encode-rows.ts";
import type {Row} from "../../src/tables/schema.ts";

const experiment: Row<"experiments"> = {
  experiment_id: "a",
  name: "quotes ' and \u{1F9EB}",
  created_at: new Date(1763687000123),
  lifecycle_stage: "active",
  tags: new Map([
    ["owner", "me"],
    ["why", ""]
  ])
};

test("rows come back as they went, with their maps, dates and odd strings", () => {
  const rows = [experiment, {...experiment, experiment_id: "b", tags: new Map()}];
  expect(decodeRows("experiments", encodeRows("experiments", rows))).toEqual(rows);
});

test("NULL, NaN and infinities are three different things", () => {
  const base = {
    run_id: "r",
    key: "loss",
    step: 1,
    ts_ms: 1763687000123,
    seq: 7,
    min_step: null,
    max_step: 3,
    n: 2
  };
  const rows: Row<"latest_metrics">[] = [
    {...base, value: Number.NaN, min_value: null, max_value: -Infinity},
    {...base, value: -0, min_value: Number.MAX_VALUE, max_value: null, min_step: 2 ** 53 - 1}
  ];
  expect(decodeRows("latest_metrics", encodeRows("latest_metrics", rows))).toEqual(rows);
});

test("a stream says which table it is of, and which version of its description", () => {
  const {metadata} = tableFromIPC(encodeRows("experiments", [experiment])).schema;
  expect(Object.fromEntries(metadata)).toEqual({table: "experiments", schema_version: "2"});
});

test("no rows at all make a stream that can be read", () => {
  expect(decodeRows("runs", encodeRows("runs", []))).toEqual([]);
});

test("a row that its table's description does not allow is refused by column", () => {
  const odd = {...experiment, lifecycle_stage: "odd" as "active"};
  expect(() => encodeRows("experiments", [odd])).toThrow(
    "experiments.lifecycle_stage: expected one of active, deleted, got odd."
  );
  const nameless = {...experiment, name: null as unknown as string};
  expect(() => encodeRows("experiments", [nameless])).toThrow(
    "experiments.name: expected a value, got null."
  );
});
