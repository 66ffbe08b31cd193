import type {CellContext} from "../runtime/types.ts";

/** Which evaluation of which cell. */
type Evaluation = Pick<CellContext, "cellId" | "signal">;

/**
 * Elements of a builtin that cells call: each call of an evaluation gets the element that the same call of the evaluation before got, so
 * that what a reader chose in it stays.
 */
export function keptElements<E>(make: () => E): (evaluation: Evaluation) => () => E {
  const cells = new Map<number, {signal: AbortSignal; made: E[]; next: number}>();
  return ({cellId, signal}) =>
    () => {
      const cell = cells.get(cellId) ?? {signal, made: [], next: 0};
      cells.set(cellId, cell);
      if (cell.signal !== signal) Object.assign(cell, {signal, next: 0});
      const element = cell.made[cell.next] ?? make();
      cell.made[cell.next++] = element;
      return element;
    };
}
