import type {CellContext} from "../../runtime/types.ts";
import type {CurvesServices} from "./model.ts";
import {type CurvesOptions, parseOptions} from "./options.ts";
import {PetriCurves} from "./petri-curves.ts";

/** The evaluation of a cell that draws curves. */
type CurvesContext = Pick<CellContext, "cellId" | "signal" | "waitUntil" | "fail">;

/**
 * The builtin `curves(options)` of a notebook's cells. Each call of an evaluation goes on with the element that the same
 * call of the evaluation before made, so that zoom, smoothing and what was hidden stay.
 */
export function createCurves(services: CurvesServices, notebook: string) {
  const cells = new Map<number, {signal: AbortSignal; made: PetriCurves[]; next: number}>();
  return (context: CurvesContext) =>
    (options: CurvesOptions = {}): PetriCurves => {
      const {cellId, signal} = context;
      const parsed = parseOptions(options, notebook);
      const cell = cells.get(cellId) ?? {signal, made: [], next: 0};
      cells.set(cellId, cell);
      if (cell.signal !== signal) Object.assign(cell, {signal, next: 0});
      const element = cell.made[cell.next] ?? new PetriCurves();
      cell.made[cell.next++] = element;
      element.ask(services, notebook, parsed, context);
      return element;
    };
}
