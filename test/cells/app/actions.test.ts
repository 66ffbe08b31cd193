import {expect, test, vi} from "vitest";
import {ACTIONS, actionById} from "../../../src/cells/app/actions.ts";
import type {ActionContext, AppCommands, NotebookCommands} from "../../../src/cells/app/commands.ts";
import {Keymap} from "../../../src/cells/app/keymap.ts";
import type {Cell} from "../../../src/runtime/types.ts";

const cell: Cell = {id: 7, mode: "js", value: "", pinned: true, hidden: false};

/** A notebook that notes what it was told to do. */
function context(given: Partial<NotebookCommands> = {}) {
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void done.push([name, ...args]);
  const state: Partial<NotebookCommands> = {
    activeCell: cell,
    cells: [cell],
    readOnly: false,
    canUndo: true,
    canRedo: true,
    isBusy: () => true,
    ...given
  };
  const notebook = new Proxy({} as NotebookCommands, {
    get: (_, name) => (name in state ? state[name as keyof NotebookCommands] : note(String(name)))
  });
  const app = new Proxy({} as AppCommands, {get: (_, name) => note(String(name))});
  return {done, context: {app, notebook} satisfies ActionContext};
}

test("every action does one thing, to the active cell where it is about a cell", () => {
  for (const action of ACTIONS) {
    const {done, context: given} = context();
    action.run(given);
    expect(done.length, action.id).toBeGreaterThan(0);
    expect(done.length, action.id).toBeLessThanOrEqual(2);
  }
  const {done, context: given} = context();
  actionById("run-and-next").run(given);
  expect(done).toEqual([["run", 7], ["advance"]]);
});

test("ids are unique, and an unknown one says so", () => {
  expect(new Set(ACTIONS.map(({id}) => id)).size).toBe(ACTIONS.length);
  expect(() => actionById("nothing")).toThrow(/nothing/);
});

test.each(["command", "edit"] as const)("no two actions share a key in %s mode", (mode) => {
  const keys = ACTIONS.filter((action) => !action.mode || action.mode === mode).flatMap(
    (action) => action.keys
  );
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  // A key that begins a sequence must not be a command of its own, or the sequence is never reached.
  const singles = new Set(keys.filter((key) => !key.includes(" ")));
  expect(keys.filter((key) => key.includes(" ") && singles.has(key.split(" ")[0]))).toEqual([]);
});

test("every key of the table presses its action", () => {
  const keymap = new Keymap(ACTIONS);
  for (const action of ACTIONS) {
    for (const keys of action.keys) {
      const presses = keys.split(" ").map((key) => keymap.press(key, action.mode ?? "command", 0));
      expect(presses.at(-1), keys).toBe(action);
    }
  }
});

test("nothing edits a read-only notebook", () => {
  const {context: given} = context({readOnly: true});
  const open = ACTIONS.filter((action) => action.place === "cell" || action.place === "kind");
  expect(open.filter((action) => action.enabled?.(given)).map(({id}) => id)).toEqual([]);
  expect(actionById("run-cell").enabled?.(given)).toBe(true);
});

test("cell actions are off where there is no cell, and without a notebook", () => {
  const {context: empty} = context({activeCell: null});
  const {app} = context().context;
  for (const id of ["run-cell", "delete", "kind-md", "edit-cell"]) {
    expect(actionById(id).enabled?.(empty), id).toBe(false);
    expect(actionById(id).enabled?.({app, notebook: null}), id).toBe(false);
  }
  expect(actionById("add-below").enabled?.(empty)).toBe(true);
  expect(actionById("new-notebook").enabled).toBeUndefined();
});

test("the ends of a notebook cannot be moved past, and only a busy cell is stopped", () => {
  const {context: given} = context({isBusy: vi.fn(() => false)});
  for (const id of ["move-up", "move-down", "merge", "stop-cell"])
    expect(actionById(id).enabled?.(given), id).toBe(false);
});
