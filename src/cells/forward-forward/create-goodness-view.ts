import type {CellContext} from "../../runtime/types.ts";
import {keptElements} from "../kept-elements.ts";
import {type BlockSummary, checkBlocks, type GoodnessViewOptions} from "./model.ts";
import {PetriGoodnessView} from "./petri-goodness-view.ts";

/** The builtin `goodnessView(blocks, {step})` of a notebook's cells. Its `show` moves it on while a network learns; a cell that runs again keeps its element. */
export function createGoodnessView() {
  const elements = keptElements(() => new PetriGoodnessView());
  return (context: Pick<CellContext, "cellId" | "signal">) => {
    const next = elements(context);
    return (blocks: readonly BlockSummary[], options: GoodnessViewOptions = {}): PetriGoodnessView => {
      checkBlocks(blocks);
      const element = next();
      element.show(blocks, options);
      return element;
    };
  };
}
