// A student that learns from a teacher, by simulation and by the equations of many inputs.
import {ops} from "../../../src/ops/index.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import type {Effort} from "./searched.ts";

const {key} = ops;
const {simulateStudent, studentCurve, teacherStudent} = ops.forwardForward;

const SIZES = {inputs: 600, hidden: 3};
const CURVE = {time: 12, points: 24};
const RATE = 0.5;

/** What each learns by; the equations know PEPITA to first order in the size of its projection. */
const RULES = {
  backpropagation: {rule: "backpropagation"},
  "feedback alignment": {rule: "feedbackAlignment"},
  "PEPITA, 0.01": {rule: "pepita", projectionScale: 0.01},
  "PEPITA, 0.05": {rule: "pepita", projectionScale: 0.05}
} as const;

/** Errors over time, in examples for each input. */
export async function students({seeds}: Effort): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (let seed = 0; seed < seeds; ++seed)
    for (const [name, {rule, ...more}] of Object.entries(RULES)) {
      const {projectionScale = 1} = {...more} as {projectionScale?: number};
      const made = teacherStudent({...SIZES, ...more, key: key(seed)});
      // Its change of the hidden units is as much smaller as the projection.
      const options = {...CURVE, rule, learningRate: RATE / projectionScale};
      const simulated = simulateStudent(made, {...options, key: key(seed).fold(1)});
      for (const [by, curve] of Object.entries({equations: studentCurve(made, options), simulated}))
        for (const {time, error} of curve)
          figures.push({
            case: `student, ${name}, ${by}, time ${time}, seed ${seed}`,
            metric: "error",
            value: error
          });
    }
  return figures;
}
