import {type GridState, newGridState} from "./grid-state.ts";
import {type GridValue, PetriGrid} from "./petri-grid.ts";

/**
 * An element that shows a table: Arrow, rows of objects, or the rows of a query that stay in the database (which its
 * maker disposes of). Its `value` is that table, for Plot and other cells.
 * A `state` kept by the caller carries sort order and scroll position from one result to the next.
 */
export function grid(table: GridValue, state?: GridState): PetriGrid {
  const element = new PetriGrid();
  element.value = table;
  if (state) element.state = state;
  return element;
}

/** Grids for cells: what a cell shows again and again keeps its sort order and scroll position. */
export function cellGrids(): (cellId: number) => (table: GridValue) => PetriGrid {
  const states = new Map<number, GridState>();
  return (cellId) => (table) => {
    const state = states.get(cellId) ?? newGridState();
    states.set(cellId, state);
    return grid(table, state);
  };
}
