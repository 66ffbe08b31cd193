import type {Bench} from "../measurement.ts";
import {recordings} from "../support/recording.ts";

const recording = recordings({
  subject: "moe-notebooks",
  lower:
    /operations|parameters|entropy of decisions|largest|difference|dropped|unused|without an expert|loss|time|bits a character/
});

/** The figures that the notebooks on mixtures of experts begin with. */
export const moeNotebooks: Record<string, Bench> = {
  "fast feedforward": recording("train-fast-feedforward", {seeds: 3, steps: 2000}),
  "language model": recording("train-language-models", {seeds: 3, steps: 1000}),
  "router zoo": recording("train-routers", {seeds: 3, steps: 600}),
  upcycling: recording("train-upcycled", {seeds: 5, steps: 800})
};
