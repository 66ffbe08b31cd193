// A student that learns from a teacher, by simulation and by the equations of many inputs.
import {ops} from "../../../src/ops/index.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import type {Effort} from "./searched.ts";

const {key} = ops;
const {simulateStudent, studentCurve, teacherStudent} = ops.forwardForward;

const SIZES = {inputs: 600, hidden: 3, projectionScale: 0.05};
const CURVE = {time: 12, points: 24};
/** PEPITA's change of the hidden units is as much smaller as its projection. */
const RATES = {backpropagation: 0.5, feedbackAlignment: 0.5, pepita: 0.5 / SIZES.projectionScale} as const;

/** Errors over time, in examples for each input. */
export async function students({seeds}: Effort): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (let seed = 0; seed < seeds; ++seed) {
    const made = teacherStudent({...SIZES, key: key(seed)});
    for (const rule of Object.keys(RATES) as (keyof typeof RATES)[]) {
      const options = {...CURVE, rule, learningRate: RATES[rule]};
      const simulated = simulateStudent(made, {...options, key: key(seed).fold(1)});
      for (const [by, curve] of Object.entries({equations: studentCurve(made, options), simulated}))
        for (const {time, error} of curve)
          figures.push({
            case: `student, ${rule}, ${by}, time ${time}, seed ${seed}`,
            metric: "error",
            value: error
          });
    }
  }
  return figures;
}
