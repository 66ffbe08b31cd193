import type {Bench} from "../measurement.ts";
import {recordings} from "../support/recording.ts";

const recording = recordings({
  subject: "forward-forward-notebooks",
  lower: /parameters|negatives|time/
});

/** The figures that the notebooks on learning without backpropagation begin with. */
export const forwardForwardNotebooks: Record<string, Bench> = {
  "forward-forward": recording("train-forward-forward", {seeds: 3, steps: 800})
};
