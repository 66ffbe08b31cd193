import {expect, it} from "vitest";
import {replacement} from "../../../src/cells/editor/replace.ts";
import {splitSource} from "../../../src/cells/editor/split.ts";

it("a replacement is the smallest that does it", () => {
  expect(replacement("const a = 1;", "const b = 1;")).toEqual({from: 6, to: 7, insert: "b"});
  expect(replacement("aa", "aaa")).toEqual({from: 2, to: 2, insert: "a"});
  expect(replacement("abc", "")).toEqual({from: 0, to: 3, insert: ""});
  expect(replacement("same", "same")).toBeNull();
});

it("a split at a line's start or end leaves no empty line in either half", () => {
  expect(splitSource("a;\nb;\n", 3)).toEqual({before: "a;", after: "b;\n"});
  expect(splitSource("a;\nb;", 2)).toEqual({before: "a;", after: "b;"});
});

it("a split within a line keeps every character but the blanks at the cut", () => {
  expect(splitSource("let a = 1; let b = 2;", 10)).toEqual({before: "let a = 1;", after: " let b = 2;"});
});
