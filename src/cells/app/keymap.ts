import type {Action} from "./action.ts";
import type {KeyMode} from "./commands.ts";

/** The part of a KeyboardEvent that a key's name is made from. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/**
 * The name of a key press as the table of actions writes it, e.g. `Mod-Shift-z`, `Alt-ArrowUp`, `d`, `?`.
 * Shift is named for letters and for keys that type nothing; for the rest it is in the character.
 */
export function keyName(press: KeyPress, mac: boolean): string {
  const letter = /^\p{L}$/u.test(press.key);
  const key = letter ? press.key.toLowerCase() : press.key === " " ? "Space" : press.key;
  const mod = mac ? press.metaKey : press.ctrlKey;
  const other = mac ? press.ctrlKey : press.metaKey;
  const shift = press.shiftKey && (letter || key.length > 1);
  return [mod && "Mod", other && (mac ? "Ctrl" : "Meta"), press.altKey && "Alt", shift && "Shift", key]
    .filter(Boolean)
    .join("-");
}

const SEQUENCE_MS = 1200;

/** Finds the action for each key press, and remembers the first half of a sequence such as `d d` for a moment. */
export class Keymap {
  readonly #actions: readonly Action[];
  #pending: {key: string; at: number} | null = null;

  constructor(actions: readonly Action[]) {
    this.#actions = actions;
  }

  /** Answers the action, `"pending"` in the middle of a sequence, or null. `now` in milliseconds. */
  press(key: string, mode: KeyMode | null, now: number): Action | "pending" | null {
    const pending = this.#pending && now - this.#pending.at < SEQUENCE_MS ? this.#pending.key : null;
    this.#pending = null;
    const open = this.#actions.filter((action) => !action.mode || action.mode === mode);
    const sequence = pending && open.find(({keys}) => keys.includes(`${pending} ${key}`));
    if (sequence) return sequence;
    const single = open.find(({keys}) => keys.includes(key));
    if (single) return single;
    if (!open.some(({keys}) => keys.some((each) => each.startsWith(`${key} `)))) return null;
    this.#pending = {key, at: now};
    return "pending";
  }
}

const MAC_SIGNS: Record<string, string> = {Mod: "⌘", Alt: "⌥", Shift: "⇧", Ctrl: "⌃"};
const NAMES: Record<string, string> = {
  Mod: "Ctrl",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Enter: "Enter",
  Delete: "Del"
};

/** A key of the table as people read it, one string a key cap: `Mod-Shift-z` -> ["Ctrl", "Shift", "Z"]. */
export function keyCaps(keys: string, mac: boolean): string[] {
  return keys.split(" ").flatMap((key) =>
    key.split(/-(?=.)/).map((part) => {
      const name = (mac && MAC_SIGNS[part]) || NAMES[part] || part;
      return name.length === 1 ? name.toUpperCase() : name;
    })
  );
}

/** An action with its first key, for a tooltip: `Run cell (Ctrl+Enter)`. */
export function titleWithKey({title, keys: [key]}: Action, mac: boolean): string {
  return key ? `${title} (${keyCaps(key, mac).join(mac || key.includes(" ") ? " " : "+")})` : title;
}
