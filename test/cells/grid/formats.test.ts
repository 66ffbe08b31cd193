import {expect, test} from "vitest";
import {type ColumnFormat, styled} from "../../../src/cells/grid/formats.ts";

test.each<[ColumnFormat, unknown, string]>([
  [{style: "fixed", digits: 2}, 1234.567, "1,234.57"],
  [{style: "significant"}, 0.0479812, "0.04798"],
  [{style: "significant"}, 1.050715, "1.051"],
  [{style: "significant"}, 0.0000123456, "1.235e-5"],
  [{style: "significant"}, 0.99601, "0.9960"],
  [{style: "significant"}, 12345.6, "12,346"],
  [{style: "significant"}, 1797, "1,797"],
  [{style: "percent"}, 0.9625, "96.3 %"],
  [{style: "si"}, 12_345_678, "12.35M"],
  [{style: "si"}, 0.00125, "1.25m"],
  [{style: "si"}, -1000, "-1k"],
  [{style: "si"}, 0, "0"],
  [{style: "scientific", digits: 1}, 0.00012, "1.2e-4"],
  [{style: "bytes"}, 16_777_216n, "16 MiB"],
  [{style: "bytes"}, 1500, "1.5 KiB"],
  [{style: "seconds"}, 75, "1:15 min"],
  [{style: "milliseconds"}, 340, "340 ms"],
  [{style: "milliseconds"}, 3_723_000, "1:02:03 h"],
  [{style: "date"}, Date.UTC(2026, 10, 21), "2026-11-21"],
  [{style: "time"}, Date.UTC(2026, 10, 21, 4, 5, 6), "2026-11-21 04:05:06"],
  [{style: "exact"}, 0.1 + 0.2, "0.30000000000000004"],
  [{style: "si"}, Number.NaN, "NaN"],
  [{style: "percent"}, -Infinity, "−∞"]
])("%j of %s", (format, value, text) => {
  expect(styled(format)?.(value)).toBe(text);
});
