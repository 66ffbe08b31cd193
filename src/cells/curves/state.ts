import type {Extent} from "./extent.ts";
import type {CurvesView} from "./options.ts";

/** What a person did to some charts; it outlives the evaluation that made them. */
export interface CurvesState {
  view: CurvesView;
  /** What the code last asked for. */
  given: CurvesView;
  /** Ids of the groups that are not drawn. */
  hidden: Set<string>;
  /** The stretch of an axis that is looked at. */
  range: {axis: string; extent: Extent} | null;
}

export function newState(view: CurvesView): CurvesState {
  return {view: {...view}, given: view, hidden: new Set(), range: null};
}

/** The code asks again: what it asks for anew counts, the rest stays as the person left it. */
export function askAgain(state: CurvesState, view: CurvesView): void {
  const changed = Object.entries(view).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(state.given[name as keyof CurvesView])
  );
  Object.assign(state.view, Object.fromEntries(changed));
  state.given = view;
}
