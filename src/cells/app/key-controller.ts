import type {ReactiveController, ReactiveControllerHost} from "lit";
import {ACTIONS} from "./actions.ts";
import type {ActionContext, KeyMode} from "./commands.ts";
import {Keymap, keyName} from "./keymap.ts";
import {isMac} from "./platform.ts";

/** Presses the keys of the table of actions, wherever the focus is. */
export class KeyController implements ReactiveController {
  readonly #context: () => ActionContext;
  readonly #keymap = new Keymap(ACTIONS);

  constructor(host: ReactiveControllerHost, context: () => ActionContext) {
    this.#context = context;
    host.addController(this);
  }

  hostConnected(): void {
    // Before CodeMirror for keys with Control or Shift (it has its own meanings for some), after it for the rest.
    window.addEventListener("keydown", this.#captured, {capture: true});
    window.addEventListener("keydown", this.#bubbled);
  }

  hostDisconnected(): void {
    window.removeEventListener("keydown", this.#captured, {capture: true});
    window.removeEventListener("keydown", this.#bubbled);
  }

  #captured = (event: KeyboardEvent): void => {
    if (modeOf(event.target) === "edit" && /^(?:Mod|Alt|Shift)-(?:Enter|s|\.)$/.test(keyName(event, isMac)))
      this.#press(event);
  };

  #bubbled = (event: KeyboardEvent): void => {
    if (!event.defaultPrevented) this.#press(event);
  };

  #press(event: KeyboardEvent): void {
    if (event.isComposing || inDialog(event.target)) return;
    const key = keyName(event, isMac);
    const mode = modeOf(event.target);
    // In a field or on a button, plain keys belong to it.
    if (mode === null && !/^(?:Mod-|Shift-Enter$)/.test(key)) return;
    const action = this.#keymap.press(key, mode, event.timeStamp);
    if (action === null || action === "pending") return;
    const context = this.#context();
    if (!(action.enabled?.(context) ?? true)) {
      // The browser's own "save page" never helps here.
      if (action.id === "save") event.preventDefault();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    action.run(context);
  }
}

const CONTROLS =
  "input, textarea, select, button, summary, a[href], [contenteditable]:not([contenteditable=false]), [role=slider], [role=grid], [role=menu], wa-dropdown-item";

/** edit in a cell's source, command on a cell or the page itself, null in any other control. */
function modeOf(target: EventTarget | null): KeyMode | null {
  if (!(target instanceof Element)) return "command";
  if (target.closest("petri-editor")) return "edit";
  return target.closest(CONTROLS) ? null : "command";
}

function inDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("wa-dialog, dialog") !== null;
}
