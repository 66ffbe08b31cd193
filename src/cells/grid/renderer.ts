import type {ValueRenderer} from "../output/renderer.ts";
import {grid} from "./grid.ts";
import {type GridValue, PetriGrid} from "./petri-grid.ts";
import {isArrow, isView} from "./source.ts";

/** Displays an Arrow table, or a query that stays in the database, as a grid; the grid before it is taken over with its order and scroll position. */
export const tableRenderer: ValueRenderer = {
  matches: (value) => typeof value === "object" && value !== null && (isArrow(value) || isView(value)),
  render(value, previous) {
    const table = value as GridValue;
    if (!(previous instanceof PetriGrid)) return grid(table);
    previous.value = table;
    return previous;
  }
};
