import {expect, test} from "vitest";
import {isFoundEarly} from "../../src/tables/curve-runs.ts";
import {fragment, SqlFragment} from "../../src/tables/sql-text.ts";

const early = (where: SqlFragment) => isFoundEarly({where, limit: 1});

test("runs are found before the rows of metrics are there, unless a condition may ask for those", () => {
  expect(isFoundEarly({limit: 1})).toBe(true);
  expect(early(fragment`seed = ${0} AND params['lr'] = '0.01' AND name LIKE 'selected %'`)).toBe(true);
  expect(early(fragment`run_id IN (select run_id from metrics WHERE value > 3)`)).toBe(false);
  expect(early(fragment`EXISTS (FROM metrics)`)).toBe(false);
  const inside = new SqlFragment(["(TABLE latest_metrics) IS NULL"], []);
  expect(early(fragment`seed = 1 OR ${inside}`)).toBe(false);
});
