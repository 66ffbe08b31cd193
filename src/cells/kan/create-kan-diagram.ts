import type {CellContext} from "../../runtime/types.ts";
import {keptElements} from "../kept-elements.ts";
import {checkNetwork, type DiagramNetwork, type KanDiagramOptions} from "./model.ts";
import {PetriKanDiagram} from "./petri-kan-diagram.ts";

/**
 * The builtin `kanDiagram(curves, options)` of a notebook's cells. The edge that is looked at and the changes stay while a network
 * trains.
 */
export function createKanDiagram() {
  const elements = keptElements(() => new PetriKanDiagram());
  return (context: Pick<CellContext, "cellId" | "signal">) => {
    const next = elements(context);
    return (network: DiagramNetwork, options: KanDiagramOptions = {}): PetriKanDiagram => {
      checkNetwork(network);
      const element = next();
      element.show(network, options);
      return element;
    };
  };
}
