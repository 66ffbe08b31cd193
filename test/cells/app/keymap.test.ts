import {expect, test} from "vitest";
import type {Action} from "../../../src/cells/app/action.ts";
import {Keymap, keyCaps, keyName, titleWithKey} from "../../../src/cells/app/keymap.ts";

const none = {ctrlKey: false, metaKey: false, altKey: false, shiftKey: false};

test.each([
  [{key: "Enter", ctrlKey: true}, false, "Mod-Enter"],
  [{key: "Enter", metaKey: true}, true, "Mod-Enter"],
  [{key: "s", ctrlKey: true}, true, "Ctrl-s"],
  [{key: "Z", ctrlKey: true, shiftKey: true}, false, "Mod-Shift-z"],
  [{key: "ArrowUp", altKey: true}, false, "Alt-ArrowUp"],
  [{key: "?", shiftKey: true}, false, "?"],
  [{key: "R", shiftKey: true}, false, "Shift-r"],
  [{key: "d"}, false, "d"]
])("names %o (mac: %s) %s", (press, mac, name) => {
  expect(keyName({...none, ...press}, mac)).toBe(name);
});

const action = (id: string, keys: string[], mode?: Action["mode"]): Action => ({
  id,
  title: id,
  group: "Cell",
  keys,
  mode,
  run() {}
});
const deletion = action("delete", ["d d"], "command");
const next = action("next", ["j"], "command");
const save = action("save", ["Mod-s"]);

test("a sequence needs both keys within a moment", () => {
  const keymap = new Keymap([deletion, next, save]);
  expect(keymap.press("d", "command", 0)).toBe("pending");
  expect(keymap.press("d", "command", 1000)).toBe(deletion);
  expect(keymap.press("d", "command", 1100)).toBe("pending");
  expect(keymap.press("d", "command", 9000)).toBe("pending");
  expect(keymap.press("j", "command", 9100)).toBe(next);
  expect(keymap.press("d", "command", 9200)).toBe("pending");
});

test("letters are commands only while a cell is selected", () => {
  const keymap = new Keymap([deletion, next, save]);
  expect(keymap.press("j", "edit", 0)).toBeNull();
  expect(keymap.press("d", "edit", 0)).toBeNull();
  expect(keymap.press("j", null, 0)).toBeNull();
  expect(keymap.press("Mod-s", "edit", 0)).toBe(save);
  expect(keymap.press("Mod-s", null, 0)).toBe(save);
});

test("writes keys as people read them", () => {
  expect(keyCaps("Mod-Shift-z", false)).toEqual(["Ctrl", "Shift", "Z"]);
  expect(keyCaps("Mod-Shift-z", true)).toEqual(["⌘", "⇧", "Z"]);
  expect(keyCaps("d d", false)).toEqual(["D", "D"]);
  expect(keyCaps("Mod-.", false)).toEqual(["Ctrl", "."]);
  expect(keyCaps("Alt-ArrowUp", true)).toEqual(["⌥", "↑"]);
});

test("a tooltip names the first key", () => {
  expect(titleWithKey(save, false)).toBe("save (Ctrl+S)");
  expect(titleWithKey(deletion, false)).toBe("delete (D D)");
  expect(titleWithKey(action("none", []), false)).toBe("none");
});
