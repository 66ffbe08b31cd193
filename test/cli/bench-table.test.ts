import {expect, test} from "vitest";
import {benchTable} from "../../src/cli/bench-table.ts";

test("aligns numbers to the right and leaves out a ratio that there is not", () => {
  const row = {subject: "runtime", metric: "time", unit: "ms", better: "lower", adapter: ""} as const;
  const table = benchTable([
    {...row, case: "a", value: 12345.6, against: "peer", ratio: 0.51234},
    {...row, case: "longer", value: 1.23456, against: "", ratio: null}
  ]);
  expect(table.split("\n")).toEqual([
    "case    metric   value  unit  against   ratio  better  adapter",
    "------  ------  ------  ----  -------  ------  ------  -------",
    "a       time    12,346  ms    peer     0.512x  lower",
    "longer  time      1.23  ms                     lower"
  ]);
});
