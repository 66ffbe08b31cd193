import type {CellOutput} from "../../runtime/types.ts";

/** One cell's results: the element and the way to write into it. */
interface Slot {
  host: HTMLElement;
  output: CellOutput;
}

/**
 * The results of a notebook's cells by cell id. They outlive the cells' elements: a cell that was deleted comes back
 * with what it showed.
 */
export class Outputs {
  readonly #create: (host: HTMLElement, id: number) => CellOutput;
  readonly #slots = new Map<number, Slot>();

  constructor(create: (host: HTMLElement, id: number) => CellOutput) {
    this.#create = create;
  }

  host(id: number): HTMLElement {
    return this.#slot(id).host;
  }

  output(id: number): CellOutput {
    return this.#slot(id).output;
  }

  #slot(id: number): Slot {
    let slot = this.#slots.get(id);
    if (!slot) {
      const host = document.createElement("div");
      host.className = "cell-output observablehq observablehq--cell";
      host.id = `cell-${id}`;
      slot = {host, output: this.#create(host, id)};
      this.#slots.set(id, slot);
    }
    return slot;
  }
}
