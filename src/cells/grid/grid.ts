import {type GridState, newGridState} from "./grid-state.ts";
import {PetriGrid} from "./petri-grid.ts";

/**
 * An element that shows a table: Arrow, or rows of objects. Its `value` is that table, for Plot and other cells.
 * A `state` kept by the caller carries sort order and scroll position from one result to the next.
 */
export function grid(table: Iterable<unknown>, state?: GridState): PetriGrid {
  const element = new PetriGrid();
  element.value = table;
  if (state) element.state = state;
  return element;
}

/** Grids for cells: what a cell shows again and again keeps its sort order and scroll position. */
export function cellGrids(): (cellId: number) => (table: Iterable<unknown>) => PetriGrid {
  const states = new Map<number, GridState>();
  return (cellId) => (table) => {
    const state = states.get(cellId) ?? newGridState();
    states.set(cellId, state);
    return grid(table, state);
  };
}
