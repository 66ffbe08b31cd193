import type {ValueRenderer} from "../output/renderer.ts";
import {grid} from "./grid.ts";
import {PetriGrid} from "./petri-grid.ts";
import {isArrow} from "./source.ts";

/** Displays an Arrow table as a grid; the grid before it is taken over with its order and scroll position. */
export const tableRenderer: ValueRenderer = {
  matches: (value) => typeof value === "object" && value !== null && isArrow(value),
  render(value, previous) {
    const table = value as Iterable<unknown>;
    if (!(previous instanceof PetriGrid)) return grid(table);
    previous.value = table;
    return previous;
  }
};
