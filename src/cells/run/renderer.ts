import type {ValueRenderer} from "../output/renderer.ts";
import {PetriRun} from "./petri-run.ts";
import {isRunView} from "./types.ts";

/** Displays a training run as its card; the card of the run before is taken over, so that its curves stay for comparison. */
export const runRenderer: ValueRenderer = {
  outlivesErrors: true,
  matches: isRunView,
  tells: (element, cause) =>
    element instanceof PetriRun && cause instanceof Error && element.run?.record.error === cause.message,
  render(value, previous) {
    const card = previous instanceof PetriRun ? previous : new PetriRun();
    if (isRunView(value)) card.run = value;
    return card;
  }
};
