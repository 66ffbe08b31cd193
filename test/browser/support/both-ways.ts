import {expect} from "vitest";
import {
  type Leaf,
  PlannedSteps,
  type PlanReport,
  type StepFunction,
  type StepInput
} from "../../../src/gpu/plan/planned-steps.ts";

interface Seen {
  outputs: number[][];
  state: (number | number[])[];
}

/** Does the steps with plans and without; what comes out is compared at every step. Tells what became of the plan. */
export async function bothWays(
  run: StepFunction,
  start: () => Leaf[],
  inputs: (step: number) => StepInput[],
  {steps = 14, before = () => {}}: {steps?: number; before?: (step: number) => unknown} = {}
) {
  const all: Seen[] = [];
  let report: PlanReport & {kernels?: readonly string[]} = {status: "waiting"};
  for (const plan of [false, true]) {
    const loop = new PlannedSteps(run, start(), {plan});
    const outputs: number[][] = [];
    for (let step = 0; step < steps; ++step) {
      await before(step);
      loop.step(inputs(step));
      const output = loop.takeOutput(0);
      outputs.push([...(await output.data())]);
      output.dispose();
    }
    const state = await Promise.all(
      loop.state.map(async (leaf) => (typeof leaf === "number" ? leaf : [...(await leaf.data())]))
    );
    report = {...loop.report, ...(loop.lastPlan && {kernels: loop.lastPlan.kernels})};
    loop.dispose();
    all.push({outputs, state});
  }
  const [plain, replayed] = all as [Seen, Seen];
  expect(replayed).toEqual(plain);
  return report;
}
