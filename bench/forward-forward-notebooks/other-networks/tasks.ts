// One task after the other, the pixels of digits in another order each time: what is left of those before.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Params} from "../../../src/ops/core/tree.ts";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import type {Effort} from "./searched.ts";

const {disposeState, evaluate, fit, key, sgd, tree} = ops;
const {hebbianProjection, nextTask} = ops.forwardForward;

const TASKS = 3;
const LAYERS = [64, 64, 10];
/** Of the first task, and of those that follow. */
const LATERAL = {first: [24, 32, 24], later: [16, 24, 16], rate: 0.03};
const RATE = 0.1;
const FEEDBACK = ["exact", "random", "sign"] as const;

interface Sets {
  train: Dataset;
  test: Dataset;
}

interface Way {
  feedback: (typeof FEEDBACK)[number];
  isProjected: boolean;
}

/** Accuracies of all tasks so far after each, by gradients as they are and by projected ones. */
export async function tasks({steps, seeds}: Effort): Promise<Figure[]> {
  // Pixels as they are: scaled one by one, they would have no few directions that matter more than others.
  const data = ops.datasets.split(
    {...(await ops.datasets.digits()), inputShape: [64]},
    {test: 0.25, seed: 1}
  );
  const figures: Figure[] = [];
  for (const feedback of FEEDBACK)
    for (const isProjected of [false, true])
      for (let seed = 0; seed < seeds; ++seed) {
        const name = `tasks, ${feedback}, ${isProjected ? "projected" : "plain"}`;
        const own = await inTurn(inOrders(data, seed), {feedback, isProjected}, {steps, seed});
        figures.push(...own.map((figure) => ({...figure, case: `${name}, ${figure.case}, seed ${seed}`})));
        console.error(`${name}, seed ${seed}: ${own.slice(-TASKS).map(({value}) => value.toFixed(3))}`);
      }
  return figures;
}

async function inTurn(
  all: readonly Sets[],
  {feedback, isProjected}: Way,
  {steps, seed}: {steps: number; seed: number}
): Promise<Figure[]> {
  const model = hebbianProjection({
    layers: LAYERS,
    lateralUnits: LATERAL.first,
    lateralRate: LATERAL.rate,
    feedback
  }) as Layer;
  const optimizer = sgd({learningRate: RATE});
  const figures: Figure[] = [];
  let from: {state?: ReturnType<typeof nextTask>; params?: Params} = {};
  for (const [task, {train}] of all.entries()) {
    const own = {steps: Math.round(steps / 2), batchSize: 32, logEvery: steps, key: key(seed).fold(task)};
    const run = fit(model, train, {...own, optimizer, ...from});
    for await (const _ of run);
    for (const [other, {test}] of all.slice(0, task + 1).entries()) {
      const {accuracy} = await evaluate(model, run.params, test);
      figures.push({
        case: `after task ${task + 1}, task ${other + 1}`,
        metric: "test accuracy",
        value: accuracy
      });
    }
    free(from);
    const fresh = {lateralUnits: LATERAL.later, optimizer, key: key(seed).fold(100 + task)};
    const isLast = task === all.length - 1;
    if (isLast) from = {};
    else from = isProjected ? {state: nextTask(run.state, fresh)} : {params: tree.clone(run.params)};
    run.dispose();
  }
  return figures;
}

function free({state, params}: {state?: ReturnType<typeof nextTask>; params?: Params}): void {
  if (state) disposeState(state);
  if (params) tree.dispose(params as never);
}

/** The same digits with their pixels in other orders, the first as they are. */
function inOrders({train, test}: Sets, seed: number): Sets[] {
  return Array.from({length: TASKS}, (_, task) => {
    if (task === 0) return {train, test};
    const order = key(seed).fold(task).permutation(64);
    return {train: ordered(train, order), test: ordered(test, order)};
  });
}

function ordered(data: Dataset, order: ArrayLike<number>): Dataset {
  const inputs = data.inputs.map(
    (_, at) => data.inputs[at - (at % 64) + (order[at % 64] as number)] as number
  );
  return {...data, inputs};
}
