import type {ReactiveController, ReactiveControllerHost} from "lit";
import type {PetriCell} from "./petri-cell.ts";

type Host = ReactiveControllerHost & HTMLElement;

/** Moves a cell by its grip, with a mouse, a pen or a finger. */
export class CellDrag implements ReactiveController {
  readonly #host: Host;
  readonly #drop: (id: number, to: number) => void;

  /** `drop(id, to)`: cell `id` is wanted at position `to` of the list without it. */
  constructor(host: Host, drop: (id: number, to: number) => void) {
    this.#host = host;
    this.#drop = drop;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.addEventListener("pointerdown", this.#start);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener("pointerdown", this.#start);
  }

  #start = (event: PointerEvent): void => {
    const grip = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-grip]") : null;
    const dragged = grip?.closest("petri-cell");
    if (!grip || !dragged || event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const others = this.#cells().filter((cell) => cell !== dragged);
    let to: number | null = null;

    const move = ({clientY}: PointerEvent): void => {
      dragged.classList.add("dragging");
      scrollNearEdge(clientY);
      to = others.filter((cell) => clientY > middleOf(cell)).length;
      mark(others, to);
    };
    const end = (): void => {
      stop.abort();
      dragged.classList.remove("dragging");
      mark(others, null);
    };
    const stop = new AbortController();
    const {signal} = stop;
    grip.addEventListener("pointermove", move, {signal});
    grip.addEventListener("pointercancel", end, {signal});
    grip.addEventListener(
      "pointerup",
      () => {
        end();
        if (to !== null) this.#drop(dragged.cell.id, to);
      },
      {signal}
    );
    window.addEventListener("keydown", (key) => key.key === "Escape" && end(), {signal});
  };

  #cells(): PetriCell[] {
    return Array.from(this.#host.querySelectorAll("petri-cell"));
  }
}

function middleOf(cell: Element): number {
  const {top, height} = cell.getBoundingClientRect();
  return top + height / 2;
}

/** Draws the line where the cell would land. */
function mark(cells: readonly Element[], to: number | null): void {
  cells.forEach((cell, index) => {
    cell.classList.toggle("drop-before", to === index);
    cell.classList.toggle("drop-after", to === cells.length && index === cells.length - 1);
  });
}

function scrollNearEdge(y: number): void {
  const edge = 80;
  if (y < edge) window.scrollBy(0, y - edge);
  else if (y > innerHeight - edge) window.scrollBy(0, y - innerHeight + edge);
}
