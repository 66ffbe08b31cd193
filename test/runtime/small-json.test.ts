import {expect, test} from "vitest";
import {smallJson} from "../../src/runtime/small-json.ts";

test.each([
  [0.1, "0.1"],
  ['a\n"b"', '"a\\n\\"b\\""'],
  [null, "null"],
  [true, "true"],
  [[1, [2]], "[1,[2]]"],
  [{a: {b: "c"}}, '{"a":{"b":"c"}}'],
  [Number.NaN, '{"$number":"NaN"}'],
  [-Infinity, '{"$number":"-Infinity"}'],
  [-0, '{"$number":"-0"}'],
  [2n ** 64n, '{"$bigint":"18446744073709551616"}'],
  [undefined, '{"$undefined":null}'],
  [new Date(5), '{"$date":"5"}'],
  [new Float32Array([1, 0.5]), '{"$Float32Array":[1,0.5]}'],
  ["x".repeat(1022), `"${"x".repeat(1022)}"`]
])("case %# is small", (value, json) => {
  expect(smallJson(value)).toBe(json);
  expect(() => JSON.parse(json)).not.toThrow();
});

const cyclic: unknown[] = [];
cyclic.push(cyclic);

test.each([
  ["a long text", "x".repeat(1023)],
  ["many numbers", new Float64Array(1e7)],
  ["a long list", new Array(1e6).fill(0)],
  ["many keys", Object.fromEntries(Array.from({length: 600}, (_, i) => [i, 1]))],
  ["a cycle", cyclic],
  ["a function", () => 1],
  ["an object of a class", new (class Model {})()],
  ["a map", new Map()],
  ["a symbol", Symbol.iterator],
  [
    "a getter that fails",
    {
      get x() {
        throw new Error("no");
      }
    }
  ]
])("%s is not", (_, value) => {
  expect(smallJson(value)).toBeNull();
});
