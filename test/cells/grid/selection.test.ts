import {expect, test} from "vitest";
import {afterKey, contains, rangeOf, start} from "../../../src/cells/grid/selection.ts";

const size = {rowCount: 100, columnCount: 5, pageRows: 10};

function press(...keys: string[]) {
  return keys.reduce((selection, text) => {
    const modifiers = text.split("+");
    const key = {
      key: modifiers.pop() as string,
      ctrlKey: modifiers.includes("Ctrl"),
      metaKey: false,
      shiftKey: modifiers.includes("Shift")
    };
    return afterKey(selection, key, size) ?? selection;
  }, start);
}

test.each([
  [["ArrowDown", "ArrowRight"], {row: 1, column: 1}],
  [["ArrowUp"], {row: -1, column: 0}],
  [["ArrowUp", "ArrowUp", "ArrowLeft"], {row: -1, column: 0}],
  [["PageDown", "PageUp", "PageDown"], {row: 10, column: 0}],
  [["Ctrl+End"], {row: 99, column: 4}],
  [["Ctrl+End", "Home"], {row: 99, column: 0}],
  [["Ctrl+End", "Ctrl+Home"], {row: 0, column: 0}],
  [["Ctrl+ArrowDown", "ArrowDown"], {row: 99, column: 0}]
])("%s leads to %s", (keys, active) => {
  expect(press(...keys)).toEqual({active, anchor: active});
});

test("Shift extends from the anchor and never into the header", () => {
  const selection = press("ArrowDown", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowUp");
  expect(rangeOf(selection)).toEqual({top: 0, bottom: 1, left: 1, right: 2});
  expect(contains(rangeOf(selection), {row: 1, column: 2})).toBe(true);
});

test("Ctrl+A selects all, other keys nothing", () => {
  expect(rangeOf(press("Ctrl+a"))).toEqual({top: 0, bottom: 99, left: 0, right: 4});
  expect(press("x")).toBe(start);
});
