import type {CellMode} from "../../runtime/types.ts";
import {type Action, onCell, onNotebook} from "./action.ts";
import {MODE_TITLES, MODES} from "./cell-modes.ts";

const kindKeys: Partial<Record<CellMode, string>> = {js: "y", md: "m", sql: "q"};

function kindAction(mode: CellMode): Action {
  return onCell({
    id: `kind-${mode}`,
    title: MODE_TITLES[mode],
    group: "Kind",
    keys: kindKeys[mode] ? [kindKeys[mode]] : [],
    mode: "command",
    place: "kind",
    edits: true,
    checked: (cell) => cell.mode === mode,
    run: (notebook, {id}) => notebook.setMode(id, mode)
  });
}

/** THE table of actions. */
export const ACTIONS: readonly Action[] = [
  onCell({
    id: "run-cell",
    title: "Run cell",
    group: "Run",
    keys: ["Mod-Enter"],
    icon: "play",
    run: (notebook, {id}) => notebook.run(id)
  }),
  onCell({
    id: "run-and-next",
    title: "Run cell and go to the next",
    group: "Run",
    keys: ["Shift-Enter"],
    run: (notebook, {id}) => {
      notebook.run(id);
      notebook.advance();
    }
  }),
  onNotebook({
    id: "run-all",
    title: "Run all cells",
    group: "Run",
    keys: ["Shift-r"],
    mode: "command",
    place: "notebook",
    icon: "play",
    run: (notebook) => notebook.runAll()
  }),
  onCell({
    id: "stop-cell",
    title: "Stop cell",
    group: "Run",
    keys: ["i"],
    mode: "command",
    icon: "stop",
    enabled: (notebook, {id}) => notebook.isBusy(id),
    run: (notebook, {id}) => notebook.stop(id)
  }),
  onNotebook({
    id: "stop-all",
    title: "Stop everything",
    group: "Run",
    keys: ["Mod-."],
    place: "notebook",
    icon: "stop",
    run: (notebook) => notebook.stopAll()
  }),

  onNotebook({
    id: "add-above",
    title: "Add cell above",
    group: "Cell",
    keys: ["a"],
    mode: "command",
    place: "cell",
    icon: "plus",
    enabled: (notebook) => !notebook.readOnly,
    run: (notebook) => notebook.add("above")
  }),
  onNotebook({
    id: "add-below",
    title: "Add cell below",
    group: "Cell",
    keys: ["b"],
    mode: "command",
    place: "cell",
    icon: "plus",
    enabled: (notebook) => !notebook.readOnly,
    run: (notebook) => notebook.add("below")
  }),
  onCell({
    id: "move-up",
    title: "Move up",
    group: "Cell",
    keys: ["Alt-ArrowUp", "Shift-k"],
    mode: "command",
    place: "cell",
    icon: "up",
    edits: true,
    enabled: (notebook, cell) => notebook.cells[0] !== cell,
    run: (notebook, {id}) => notebook.move(id, -1)
  }),
  onCell({
    id: "move-down",
    title: "Move down",
    group: "Cell",
    keys: ["Alt-ArrowDown", "Shift-j"],
    mode: "command",
    place: "cell",
    icon: "down",
    edits: true,
    enabled: (notebook, cell) => notebook.cells.at(-1) !== cell,
    run: (notebook, {id}) => notebook.move(id, 1)
  }),
  onCell({
    id: "duplicate",
    title: "Duplicate cell",
    group: "Cell",
    keys: ["Shift-d"],
    mode: "command",
    place: "cell",
    icon: "copy",
    edits: true,
    run: (notebook, {id}) => notebook.duplicate(id)
  }),
  onCell({
    id: "split",
    title: "Split at the caret",
    group: "Cell",
    keys: ["Alt-Enter"],
    mode: "edit",
    place: "cell",
    icon: "split",
    edits: true,
    run: (notebook, {id}) => notebook.split(id)
  }),
  onCell({
    id: "merge",
    title: "Merge with the cell above",
    group: "Cell",
    keys: ["Shift-m"],
    mode: "command",
    place: "cell",
    icon: "merge",
    edits: true,
    enabled: (notebook, cell) => notebook.cells[0] !== cell,
    run: (notebook, {id}) => notebook.merge(id)
  }),
  onCell({
    id: "pin-source",
    title: "Keep source open",
    group: "Cell",
    keys: ["p"],
    mode: "command",
    place: "cell",
    icon: "code",
    edits: true,
    checked: (cell) => cell.pinned,
    run: (notebook, {id}) => notebook.togglePinned(id)
  }),
  onCell({
    id: "show-value",
    title: "Show value",
    group: "Cell",
    keys: ["v"],
    mode: "command",
    place: "cell",
    icon: "eye",
    edits: true,
    checked: (cell) => !cell.hidden,
    run: (notebook, {id}) => notebook.toggleHidden(id)
  }),
  onCell({
    id: "delete",
    title: "Delete cell",
    group: "Cell",
    keys: ["d d", "Delete"],
    mode: "command",
    place: "cell",
    icon: "trash",
    danger: true,
    edits: true,
    run: (notebook, {id}) => notebook.remove(id)
  }),

  ...MODES.map(kindAction),

  onNotebook({
    id: "next-cell",
    title: "Next cell",
    group: "Move around",
    keys: ["j"],
    mode: "command",
    run: (notebook) => notebook.select(1)
  }),
  onNotebook({
    id: "previous-cell",
    title: "Previous cell",
    group: "Move around",
    keys: ["k"],
    mode: "command",
    run: (notebook) => notebook.select(-1)
  }),
  onCell({
    id: "edit-cell",
    title: "Edit the source",
    group: "Move around",
    keys: ["Enter"],
    mode: "command",
    run: (notebook, {id}) => notebook.edit(id)
  }),
  onNotebook({
    id: "leave-editor",
    title: "Leave the source",
    group: "Move around",
    keys: ["Escape"],
    mode: "edit",
    run: (notebook) => notebook.leave()
  }),

  onNotebook({
    id: "save",
    title: "Save",
    group: "Notebook",
    keys: ["Mod-s"],
    icon: "save",
    run: (notebook) => notebook.save()
  }),
  onNotebook({
    id: "undo",
    title: "Undo",
    group: "Notebook",
    keys: ["z", "Mod-z"],
    mode: "command",
    place: "notebook",
    icon: "undo",
    enabled: (notebook) => notebook.canUndo,
    run: (notebook) => notebook.undo()
  }),
  onNotebook({
    id: "redo",
    title: "Redo",
    group: "Notebook",
    keys: ["Shift-z", "Mod-Shift-z"],
    mode: "command",
    place: "notebook",
    icon: "redo",
    enabled: (notebook) => notebook.canRedo,
    run: (notebook) => notebook.redo()
  }),
  onNotebook({
    id: "rename-notebook",
    title: "Rename notebook",
    group: "Notebook",
    keys: [],
    place: "notebook",
    icon: "pencil",
    run: (notebook) => notebook.rename()
  }),
  onNotebook({
    id: "duplicate-notebook",
    title: "Duplicate notebook",
    group: "Notebook",
    keys: [],
    place: "notebook",
    icon: "copy",
    run: (notebook) => notebook.duplicateNotebook()
  }),
  onNotebook({
    id: "export-notebook",
    title: "Export file",
    group: "Notebook",
    keys: [],
    place: "notebook",
    icon: "download",
    run: (notebook) => notebook.exportFile()
  }),
  onNotebook({
    id: "delete-notebook",
    title: "Delete notebook",
    group: "Notebook",
    keys: [],
    place: "notebook",
    icon: "trash",
    danger: true,
    run: (notebook) => notebook.deleteNotebook()
  }),

  {
    id: "new-notebook",
    title: "New notebook",
    group: "Petri",
    keys: ["n"],
    mode: "command",
    icon: "plus",
    run: ({app}) => app.newNotebook()
  },
  {
    id: "import-file",
    title: "Import file",
    group: "Petri",
    keys: [],
    icon: "upload",
    run: ({app}) => app.importFile()
  },
  {
    id: "home",
    title: "All notebooks",
    group: "Petri",
    keys: ["Shift-h"],
    mode: "command",
    run: ({app}) => app.goHome()
  },
  {
    id: "workspace",
    title: "Workspace",
    group: "Petri",
    keys: ["Shift-w"],
    mode: "command",
    place: "notebook",
    icon: "database",
    enabled: ({app}) => app.hasWorkspace,
    run: ({app}) => app.showWorkspace()
  },
  {
    id: "scheme",
    title: "Light, dark or automatic",
    group: "Petri",
    keys: ["Shift-l"],
    mode: "command",
    place: "notebook",
    icon: "contrast",
    run: ({app}) => app.cycleScheme()
  },
  {
    id: "keys",
    title: "Keyboard help",
    group: "Petri",
    keys: ["?"],
    mode: "command",
    place: "notebook",
    icon: "keyboard",
    run: ({app}) => app.showKeys()
  }
];

const byId = new Map(ACTIONS.map((action) => [action.id, action]));

/** The action of that id. @throws RangeError for an id that is not in the table. */
export function actionById(id: string): Action {
  const action = byId.get(id);
  if (!action) throw new RangeError(`There is no action ${JSON.stringify(id)}; actions.ts lists them.`);
  return action;
}
