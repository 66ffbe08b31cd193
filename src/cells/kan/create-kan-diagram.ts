import type {CellContext} from "../../runtime/types.ts";
import {checkNetwork, type DiagramNetwork, type KanDiagramOptions} from "./model.ts";
import {PetriKanDiagram} from "./petri-kan-diagram.ts";

/**
 * The builtin `kanDiagram(curves, options)` of a notebook's cells. Each call of an evaluation goes on with the element that the
 * same call of the evaluation before made, so that the edge that is looked at and the changes stay while a network trains.
 */
export function createKanDiagram() {
  const cells = new Map<number, {signal: AbortSignal; made: PetriKanDiagram[]; next: number}>();
  return ({cellId, signal}: Pick<CellContext, "cellId" | "signal">) =>
    (network: DiagramNetwork, options: KanDiagramOptions = {}): PetriKanDiagram => {
      checkNetwork(network);
      const cell = cells.get(cellId) ?? {signal, made: [], next: 0};
      cells.set(cellId, cell);
      if (cell.signal !== signal) Object.assign(cell, {signal, next: 0});
      const element = cell.made[cell.next] ?? new PetriKanDiagram();
      cell.made[cell.next++] = element;
      element.show(network, options);
      return element;
    };
}
