import type {CellContext} from "../../runtime/types.ts";
import {type GridState, newGridState} from "../grid/grid-state.ts";
import {parseOptions, type RunsTableOptions} from "./options.ts";
import {PetriRuns, type RunsServices} from "./petri-runs.ts";

export interface RunsTableServices extends RunsServices {
  /** The name of the open notebook, empty when it has none. */
  notebook: string;
}

/** The evaluation of a cell that calls the builtin. */
type Evaluation = Pick<CellContext, "cellId" | "signal" | "waitUntil" | "fail">;

/**
 * The builtin `runsTable(options)`, for each evaluation of a cell: a table of runs that follows them. What the reader
 * chose in it (order, filters, columns) stays when the cell runs again.
 */
export function createRunsTable({db, early, tableChanges, notebook}: RunsTableServices) {
  const states = new Map<string, GridState>();
  return (cell: Evaluation) => {
    const {cellId, signal} = cell;
    let calls = 0;
    return (options: RunsTableOptions = {}): PetriRuns => {
      const key = `${cellId}.${calls++}`;
      const state = states.get(key) ?? newGridState();
      states.set(key, state);
      const services = {db: db.withSignal(signal), early, tableChanges};
      return new PetriRuns(services, parseOptions(options, notebook), state, cell);
    };
  };
}
