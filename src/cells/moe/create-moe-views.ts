import type {CellContext} from "../../runtime/types.ts";
import {keptElements} from "../kept-elements.ts";
import {
  checkExamples,
  checkSummary,
  type RoutedExample,
  type RoutingExplorerOptions,
  type RoutingSummary,
  type RoutingViewOptions
} from "./model.ts";
import {PetriRoutingExplorer} from "./petri-routing-explorer.ts";
import {PetriRoutingView} from "./petri-routing-view.ts";

type Evaluation = Pick<CellContext, "cellId" | "signal">;

/** The builtin `routingView(report, {history})` of a notebook's cells. */
export function createRoutingView() {
  const elements = keptElements(() => new PetriRoutingView());
  return (context: Evaluation) => {
    const next = elements(context);
    return (report: RoutingSummary, options: RoutingViewOptions = {}): PetriRoutingView => {
      checkSummary(report);
      const element = next();
      element.show(report, options);
      return element;
    };
  };
}

/** The builtin `routingExplorer(examples, {experts})` of a notebook's cells: what is looked at stays when the cell runs again. */
export function createRoutingExplorer() {
  const elements = keptElements(() => new PetriRoutingExplorer());
  return (context: Evaluation) => {
    const next = elements(context);
    return (examples: readonly RoutedExample[], options: RoutingExplorerOptions): PetriRoutingExplorer => {
      checkExamples(examples, options);
      const element = next();
      element.show(examples, options);
      return element;
    };
  };
}
