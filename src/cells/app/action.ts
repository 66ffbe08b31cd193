import type {Cell} from "../../runtime/types.ts";
import type {ActionContext, KeyMode, NotebookCommands} from "./commands.ts";
import type {IconName} from "./icons.ts";

export type ActionGroup = "Run" | "Cell" | "Kind" | "Move around" | "Notebook" | "Petri";

/** Where an action is offered, besides its keys and the keyboard page. */
export type ActionPlace = "cell" | "kind" | "notebook";

/** One thing a person can do. The keymap, the menus and the keyboard page are made from the table of these. */
export interface Action {
  id: string;
  title: string;
  group: ActionGroup;
  /** `Mod` is Command on a Mac and Control elsewhere; parts of a sequence are separated by a space. */
  keys: readonly string[];
  /** Where the keys work; everywhere when left out. */
  mode?: KeyMode;
  place?: ActionPlace;
  icon?: IconName;
  /** The only ones with a second thought: shown in red. */
  danger?: boolean;
  enabled?(context: ActionContext): boolean;
  /** For switches: whether it is on. */
  checked?(context: ActionContext): boolean;
  run(context: ActionContext): void;
}

/** An action on the active cell; disabled where there is none, and in a read-only notebook when it edits. */
export function onCell(
  action: Omit<Action, "run" | "enabled" | "checked"> & {
    edits?: boolean;
    enabled?: (notebook: NotebookCommands, cell: Cell) => boolean;
    checked?: (cell: Cell) => boolean;
    run: (notebook: NotebookCommands, cell: Cell) => void;
  }
): Action {
  const {edits = false, enabled, checked, run, ...rest} = action;
  return {
    ...rest,
    enabled: ({notebook}) =>
      !!notebook?.activeCell &&
      !(edits && notebook.readOnly) &&
      (enabled?.(notebook, notebook.activeCell) ?? true),
    ...(checked && {checked: ({notebook}) => !!notebook?.activeCell && checked(notebook.activeCell)}),
    run: ({notebook}) => {
      if (notebook?.activeCell) run(notebook, notebook.activeCell);
    }
  };
}

export function onNotebook(
  action: Omit<Action, "run" | "enabled"> & {
    enabled?: (notebook: NotebookCommands) => boolean;
    run: (notebook: NotebookCommands) => void;
  }
): Action {
  const {enabled, run, ...rest} = action;
  return {
    ...rest,
    enabled: ({notebook}) => !!notebook && (enabled?.(notebook) ?? true),
    run: ({notebook}) => {
      if (notebook) run(notebook);
    }
  };
}
