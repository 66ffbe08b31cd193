// Learning rules beside backpropagation, on wasm: each searched, trained with some seeds, and tested.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Optimizer} from "../../../src/ops/core/optimizers/optimizer.ts";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import {median} from "../../support/median.ts";
import {type Figure, record} from "../../support/recorded-in-node.ts";
import {type Arm, armsOf} from "./arms.ts";
import type {DataSet, Sets} from "./data-sets.ts";
import {type SolvedArm, solvedOf} from "./solved.ts";

const {adam, evaluate, fit, key, sgd, tree} = ops;
const {rowCount, sizeOf, split} = ops.datasets;

const BATCH = 64;
/** The search has a seed of its own. */
const SEARCH_SEED = 100;

/** What the search chooses from, for every rule. */
const OPTIMIZERS: Record<string, () => Optimizer> = {
  "Adam 0.001": () => adam({learningRate: 1e-3}),
  "Adam 0.003": () => adam({learningRate: 3e-3}),
  "Adam 0.01": () => adam({learningRate: 1e-2}),
  "SGD 0.001": () => sgd({learningRate: 0.001, momentum: 0.9}),
  "SGD 0.01": () => sgd({learningRate: 0.01, momentum: 0.9}),
  "SGD 0.1": () => sgd({learningRate: 0.1, momentum: 0.9})
};

/** A training by one choice of the search: the share of test rows it tells rightly, and what else is recorded of the first seed. */
type Trained = (choice: string, sets: Sets, seed: number, steps: number) => Promise<[number, Figure[]]>;

const parametersOf = (value: number): Figure => ({case: "", metric: "parameters", value});

/**
 * Prints a line of JSON for each of the rules of these names, trained on the data. The arguments are those of a script:
 * <wasm files> <steps> <seeds> <names>, or <wasm files> names, which prints all the names there are.
 */
export async function besideBackpropagation(
  data: DataSet,
  [wasmPaths, steps, seeds, ...names]: string[]
): Promise<void> {
  const [arms, solved] = [armsOf(data), solvedOf(data)];
  if (steps === "names") {
    console.log(JSON.stringify([...Object.keys(arms), ...Object.keys(solved)]));
    return;
  }
  const all = await data.sets();
  for (const name of names)
    await record(wasmPaths, async () => {
      const arm = arms[name];
      const rule = arm ? byFit(arm) : bySolving(solvedArm(solved, name));
      const figures = await searchedAndTrained(name, data, all, rule, Number(steps), Number(seeds));
      const rival = arms.backpropagation as Arm;
      const compared = arm ? await relativeCost([arm, rival], data.scaled(all), bestOf(figures)) : [];
      return [...figures, ...compared.map((figure) => ({case: name, ...figure}))];
    });
}

function solvedArm(solved: Record<string, SolvedArm>, name: string): SolvedArm {
  const found = solved[name];
  if (!found) throw new Error(`There is no rule ${name}: "names" prints those there are.`);
  return found;
}

/** The choice with the most accuracy on held-out rows; the test data are looked at with that one alone. */
async function searchedAndTrained(
  name: string,
  {search, scaled}: DataSet,
  all: Sets,
  [choices, trained]: [readonly string[], Trained],
  steps: number,
  seeds: number
): Promise<Figure[]> {
  const figures: Figure[] = [];
  const share = search.inFull.includes(name) ? 1 : search.steps;
  const part = scaled(split(all.train, {test: search.heldOut, seed: 2}));
  for (const choice of choices) {
    const [accuracy] = await trained(choice, part, SEARCH_SEED, Math.round(steps * share));
    figures.push({case: `${name}, ${choice}`, metric: "held-out accuracy", value: accuracy});
  }
  const best = bestOf(figures);
  const sets = scaled(all);
  for (let seed = 0; seed < seeds; ++seed) {
    const [accuracy, others] = await trained(best, sets, seed, steps);
    figures.push({case: `${name}, seed ${seed}`, metric: "test accuracy", value: accuracy});
    const named = (at: string) => (at ? `${name}, ${at}` : name);
    if (seed === 0) figures.push(...others.map((figure) => ({...figure, case: named(figure.case)})));
  }
  const accuracies = figures.filter(({metric}) => metric.endsWith("accuracy"));
  console.error(`${name}: ${best}; ${accuracies.map(({value}) => value.toFixed(3)).join(" ")}`);
  return figures;
}

function bestOf(figures: readonly Figure[]): string {
  const held = figures.filter(({metric}) => metric === "held-out accuracy");
  const best = held.reduce((a, b) => (b.value > a.value ? b : a));
  return best.case.split(", ").at(-1) as string;
}

function byFit(arm: Arm): [string[], Trained] {
  const trained: Trained = async (choice, {train, test}, seed, steps) => {
    const model = arm.model();
    const run = fit(model, shaped(train, arm), {...optionsOf(arm, choice), key: key(seed), steps});
    for await (const _ of run);
    const {modelState} = run.state;
    const {accuracy = 0} = await evaluate(model, run.params, shaped(test, arm), {modelState});
    const parameters = parametersOf(tree.size(run.params));
    run.dispose();
    return [accuracy, [parameters]];
  };
  return [Object.keys(OPTIMIZERS), trained];
}

function bySolving({option, values, rows, solve}: SolvedArm): [string[], Trained] {
  const trained: Trained = async (choice, {train: all, test}, seed, steps) => {
    // No more rows than the others are shown, and as many passes over them.
    const taken = Math.min(rows ?? Infinity, steps * BATCH);
    const train = taken < rowCount(all) ? split(all, {test: taken / rowCount(all), seed: 3}).test : all;
    const passes = Math.max(1, Math.round((steps * BATCH) / rowCount(train)));
    const {
      accuracy,
      parameters,
      course = []
    } = solve(train, Number(choice.split(" ")[1]), {
      key: key(seed),
      passes
    });
    return [accuracy(test), [parametersOf(parameters), ...course]];
  };
  return [values.map((value) => `${option} ${value}`), trained];
}

const shaped = (data: Dataset, {inputShape = [sizeOf(data.inputShape)]}: Arm): Dataset => ({
  ...data,
  inputShape
});

const optionsOf = (arm: Arm, choice: string) => {
  const found = OPTIMIZERS[choice] as () => Optimizer;
  return {batchSize: BATCH, logEvery: 1e6, optimizer: arm.optimizer?.(found) ?? found()};
};

/** Rounds that are timed after the first ones, which compile. */
const ROUNDS = {first: 2, timed: 5, steps: 8};

/** Processor time of a step against backpropagation's by the same optimizer, the two taking turns: what else the machine does slows both. */
async function relativeCost(armAndRival: readonly Arm[], {train}: Sets, choice: string) {
  const runs = armAndRival.map((each) =>
    fit(each.model() as Layer, shaped(train, each), {
      ...optionsOf(each, choice),
      steps: ROUNDS.steps * (ROUNDS.first + ROUNDS.timed),
      logEvery: ROUNDS.steps
    })
  );
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS.first + ROUNDS.timed; ++round) {
    const spent: number[] = [];
    for (const run of runs) {
      const before = process.cpuUsage();
      await run.next();
      const {user, system} = process.cpuUsage(before);
      spent.push(user + system);
    }
    if (round >= ROUNDS.first) ratios.push((spent[0] as number) / (spent[1] as number));
  }
  for (const run of runs) run.dispose();
  return [{metric: "time of a step against backpropagation", value: median(ratios)}];
}
