import {expect, it} from "vitest";
import {sourceExcerpt} from "../../../src/cells/output/source-excerpt.ts";

const source = "const a = 1;\n  const y = modle.apply(x);\n\n\tf(\t1);";

it("is the line without its indent, with the name at the column underlined", () => {
  expect(sourceExcerpt(source, 2, 13)).toEqual({
    line: 2,
    text: "const y = modle.apply(x);",
    underline: {from: 10, length: 11}
  });
});

it("underlines one character where no name begins, also past the end", () => {
  expect(sourceExcerpt(source, 1, 9)?.underline).toEqual({from: 8, length: 1});
  expect(sourceExcerpt(source, 1, 99)?.underline).toEqual({from: 12, length: 1});
});

it("has no underline where only the line is known", () => {
  expect(sourceExcerpt(source, 1)).toEqual({line: 1, text: "const a = 1;", underline: null});
});

it("is null for a line that is not there or has nothing on it", () => {
  expect(sourceExcerpt(source, 9)).toBeNull();
  expect(sourceExcerpt(source, 3)).toBeNull();
  expect(sourceExcerpt(source, undefined)).toBeNull();
});
