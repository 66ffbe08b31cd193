import type {GoToDetail} from "../output/error-card.ts";
import {actionById} from "./actions.ts";
import type {ActionContext} from "./commands.ts";
import type {CellCommands, NotebookView} from "./notebook-commands.ts";
import type {PetriCell} from "./petri-cell.ts";

interface Host extends HTMLElement, NotebookView {
  readonly commands: CellCommands | null;
  readonly context: () => ActionContext;
}

/** Texts whose source a double click on them opens. */
const TEXT_MODES: ReadonlySet<string> = new Set(["md", "html", "tex"]);
const CONTROLS = "a, button, input, select, textarea, svg, canvas, table, [role=slider]";

/** What cells say, and what is done with the pointer and the focus in them. */
export class CellEvents {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    host.addEventListener("focusin", this.#focused);
    host.addEventListener("pointerdown", this.#focused);
    host.addEventListener("petri-edit", this.#edited);
    host.addEventListener("petri-action", this.#acted);
    host.addEventListener("petri-go-to", this.#goTo);
    host.addEventListener("petri-leave", this.#leftEditor);
    host.addEventListener("dblclick", this.#doubleClicked);
  }

  #focused = (event: Event): void => {
    const cell = cellOf(event);
    if (cell) this.#host.activeId = cell.cell.id;
  };

  #edited = (event: Event): void => {
    const cell = cellOf(event);
    const {value} = (event as CustomEvent<{value: string}>).detail;
    if (cell) this.#host.open.document.edit(cell.cell.id, value);
  };

  /** Actions of a cell's tools are about that cell. */
  #acted = (event: Event): void => {
    this.#focused(event);
    event.stopPropagation();
    const action = actionById((event as CustomEvent<{action: string}>).detail.action);
    const context = this.#host.context();
    if (action.enabled?.(context) ?? true) action.run(context);
  };

  #goTo = (event: Event): void => {
    const {cell, line, column} = (event as CustomEvent<GoToDetail>).detail;
    const element = cell === undefined ? cellOf(event) : this.#host.cellElement(cell);
    if (!element) return;
    element.scrollIntoView({block: "nearest"});
    void element.edit(line === undefined ? undefined : {line, column});
  };

  /** Escape, or an arrow key at the edge of a source. */
  #leftEditor = (event: Event): void => {
    const {direction} = (event as CustomEvent<{direction: "up" | "down" | "out"}>).detail;
    if (direction === "out") {
      event.preventDefault();
      this.#host.commands?.leave();
      return;
    }
    const cell = cellOf(event);
    if (!cell) return;
    const cells = Array.from(this.#host.querySelectorAll("petri-cell"));
    const next = cells[cells.indexOf(cell) + (direction === "up" ? -1 : 1)];
    if (!next?.editor) return;
    event.preventDefault();
    void next.edit();
  };

  #doubleClicked = (event: MouseEvent): void => {
    const cell = cellOf(event);
    const target = event.target as Element;
    if (!cell || cell.sourceOpen || !target.closest(".cell-output") || target.closest(CONTROLS)) return;
    if (TEXT_MODES.has(cell.cell.mode)) void cell.edit();
  };
}

function cellOf({target}: Event): PetriCell | null {
  return target instanceof Element ? target.closest("petri-cell") : null;
}
