import {Inspector} from "@observablehq/inspector";
import {type ExpandedPath, restoreExpanded} from "./expansion.ts";

/** A value as Observable shows it: a tree that opens on demand; `paths` are opened at once. */
export function inspect(value: unknown, name?: string, paths: readonly ExpandedPath[] = []): HTMLElement {
  const node = document.createElement("div");
  new Inspector(node).fulfilled(value, name);
  restoreExpanded(node, paths);
  makeReachable(node);
  // The inspector says "load" (which does not bubble) at each part that it opens or closes.
  node.addEventListener("load", () => makeReachable(node), true);
  node.addEventListener("keydown", onKey);
  return node;
}

/** The inspector answers to the mouse only: its carets get a tab stop, a role and a state. */
function makeReachable(node: HTMLElement): void {
  const carets = ".observablehq--collapsed > a, .observablehq--expanded > a";
  for (const caret of node.querySelectorAll<HTMLElement>(carets)) {
    caret.tabIndex = 0;
    caret.setAttribute("role", "button");
    if (!caret.classList.contains("observablehq--field")) {
      const open = caret.parentElement?.classList.contains("observablehq--expanded");
      caret.setAttribute("aria-expanded", String(open));
    }
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key !== "Enter" && event.key !== " ") return;
  const {target} = event;
  if (!(target instanceof HTMLElement) || target.getAttribute("role") !== "button") return;
  event.preventDefault();
  const parent = target.parentElement;
  // The caret is replaced by its successor: keep the focus on it.
  const slot = parent?.parentElement;
  const index = parent && slot ? Array.prototype.indexOf.call(slot.childNodes, parent) : -1;
  target.dispatchEvent(new Event("mouseup", {bubbles: true}));
  const next = slot?.childNodes[index];
  if (next instanceof HTMLElement) next.querySelector<HTMLElement>(":scope > a")?.focus();
}
