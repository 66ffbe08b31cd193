import {expect, test} from "vitest";
import {checkName, freeName, nameFromTitle} from "../../../src/runtime/storage/names.ts";
import {NameError} from "../../../src/runtime/storage/types.ts";

test.each(["quickstart", "a/b", "a/b/c", "A-1_x.y"])("accepts %s", (name) => {
  expect(checkName(name)).toBe(name);
});

test.each([
  "",
  "..",
  "../x",
  "a/../b",
  "/a",
  "a/",
  "a/b/c/d",
  ".hidden",
  "a/.b",
  "a b",
  "a\\b",
  "a%2Fb",
  "x".repeat(121)
])("refuses %j", (name) => {
  expect(() => checkName(name)).toThrow(NameError);
});

test("makes a name of a title", () => {
  expect(nameFromTitle("Lottery tickets, “pruned” à la mode!")).toBe("lottery-tickets-pruned-a-la-mode");
  expect(nameFromTitle("???")).toBe("untitled");
  expect(checkName(nameFromTitle("x".repeat(300)))).toBe("x".repeat(80));
});

test("finds a free name", () => {
  expect(freeName("a", [])).toBe("a");
  expect(freeName("a", ["a", "a-2"])).toBe("a-3");
  expect(freeName("a-2", ["a-2"])).toBe("a-3");
  expect(freeName("lenet-5", ["lenet-5"])).toBe("lenet-2");
});
