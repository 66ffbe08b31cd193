import {type Selection, start} from "./selection.ts";

/** What a grid remembers when its cell shows the next result. */
export interface GridState {
  scrollTop: number;
  scrollLeft: number;
  sort: {name: string; descending: boolean} | null;
  selection: Selection;
}

export function newGridState(): GridState {
  return {scrollTop: 0, scrollLeft: 0, sort: null, selection: start};
}

/** The order after a click on a header: ascending, descending, none. */
export function nextSort(sort: GridState["sort"], name: string): GridState["sort"] {
  if (sort?.name !== name) return {name, descending: false};
  return sort.descending ? null : {name, descending: true};
}
