import type {ScienceRow} from "./kan/train-science.ts";
import type {Bench} from "./measurement.ts";
import {bundledForNode} from "./support/bundled-for-node.ts";

/** Parts of bench/kan/train-science.ts, each in a process of its own. */
const part =
  (name: string): Bench =>
  async ({quick}) => {
    const {run} = await bundledForNode(`kan-${name}`, ["bench/kan/train-science.ts"]);
    const rows = await run<ScienceRow[]>([name, quick ? "quick" : "whole"]);
    return rows.map((row) => ({
      ...row,
      subject: "kan-science",
      against: "",
      ratio: null,
      better: "lower" as const,
      adapter: "cpu, float64"
    }));
  };

/** Errors of small KANs in float64: on finer and finer grids, on formulas of physics, on Poisson's equation; no times. */
export const kanScience: Record<string, Bench> = {
  "grid extension": part("gridExtension"),
  perceptrons: part("perceptrons"),
  "formulas of physics": part("formulas"),
  "Poisson's equation": part("poisson")
};
