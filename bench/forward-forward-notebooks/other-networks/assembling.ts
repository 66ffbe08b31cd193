// A deep network in four modules: trained apart among stand-ins and put together, each by a classifier of its own, or end to end.
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {Params} from "../../../src/ops/core/tree.ts";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import {peakOf} from "../../support/peak-of.ts";
import type {Figure} from "../../support/recorded-in-node.ts";
import {type Effort, searched, type Trained, type TrainingOf} from "./searched.ts";

const {adam, dense, evaluate, fit, flops, key, layerNorm, residual, sequential, tf, tree} = ops;
const {normalise, split, digits} = ops.datasets;
const {localNetwork, modelAssembling, monoForward} = ops.forwardForward;

const WIDTH = 32;
const BLOCKS = 2;
const MODULES = [1, 2, 3, 4];
const BATCH = 32;
const RATES = [0.001, 0.003, 0.01];
/** Shares of the steps for the stand-ins, each module, and the whole at last. */
const SHARES = {meta: 0.8, module: 0.4, last: 0.4};
/** Examples of the step whose memory is counted. */
const EXAMPLES = 256;

interface Sets {
  train: Dataset;
  test: Dataset;
}

const linear = (units: number) => dense({units}) as Layer;
const block = () =>
  residual([
    layerNorm(),
    dense({units: WIDTH, activation: "relu"}),
    dense({units: WIDTH})
  ] as Layer[]) as Layer;
const blocks = (count: number) => Array.from({length: count}, block);

/** Modules of so many residual blocks, the first behind a linear map. */
const parts = (count: number): Layer[] =>
  MODULES.map((index) => sequential([...(index === 1 ? [linear(WIDTH)] : []), ...blocks(count)]) as Layer);
/** The same with the answers behind the last. */
const answering = (count: number): Layer[] =>
  parts(count).map((part, i) =>
    i === MODULES.length - 1 ? (sequential([part, linear(10)]) as Layer) : part
  );

const assembly = () => modelAssembling({modules: answering(BLOCKS), meta: answering(1)});
const apart = () =>
  localNetwork({
    blocks: parts(BLOCKS),
    rule: monoForward({predict: "last"}),
    classes: 10
  }) as unknown as Layer;

/** Accuracies over the operations spent, and the memory of a step. */
export async function assembling(effort: Effort): Promise<Figure[]> {
  const all = split({...(await digits()), inputShape: [64]}, {test: 0.25, seed: 1});
  const [sets, part] = [normalise(all), normalise(split(all.train, {test: 0.2, seed: 2}))];
  const options = {rates: RATES, effort};
  const dataOf = ({isSearch}: TrainingOf) => (isSearch ? part : sets);
  return [
    ...memory(),
    ...(await searched("assembling, put together", options, (of) => putTogether(dataOf(of), of))),
    ...(await searched("assembling, end to end", options, (of) =>
      atOnce(assembly().whole as Layer, dataOf(of), of)
    )),
    ...(await searched("assembling, classifiers", options, (of) => atOnce(apart(), dataOf(of), of)))
  ];
}

/** Stand-ins, then each module among them, then all modules together. */
async function putTogether(sets: Sets, {rate, seed, steps}: TrainingOf): Promise<Trained> {
  const {meta, incubation, whole, assemble} = assembly();
  const figures: Figure[] = [];
  const stage = stageOf(sets, {rate, seed}, figures);
  const first = await stage("stand-ins", meta as Layer, steps * SHARES.meta);
  const modules = [];
  for (const index of MODULES)
    modules.push(
      await stage(`module ${index}`, incubation(index, first.params as never), steps * SHARES.module)
    );
  const params = assemble(modules.map((each) => each.params as Params));
  const {accuracy} = await evaluate(whole, params, sets.test);
  figures.push({case: "put together", metric: "test accuracy", value: accuracy});
  const last = await stage("fine-tuned", whole as Layer, steps * SHARES.last, params);
  for (const run of [first, ...modules, last]) run.dispose();
  tree.dispose(params as never);
  return {score: figures.at(-1)?.value as number, figures};
}

/** Trains a network and tells its accuracy, step by step as shares of a step of the whole network. */
function stageOf({train, test}: Sets, {rate, seed}: {rate: number; seed: number}, figures: Figure[]) {
  let spent = 0;
  let count = 0;
  return async (name: string, model: Layer, steps: number, params?: Params) => {
    const cost = costOf(model);
    const own = Math.max(1, Math.round(steps));
    const run = fit(model, train, {
      key: key(seed).fold(count++),
      steps: own,
      batchSize: BATCH,
      optimizer: adam({learningRate: rate}),
      params,
      test,
      logEvery: own,
      evaluateEvery: Math.max(1, Math.round(own / 4))
    });
    for await (const {step, testAccuracy} of run)
      if (testAccuracy !== undefined)
        figures.push({
          case: `${name}, steps of the whole ${(spent + step * cost).toFixed(1)}`,
          metric: "test accuracy",
          value: testAccuracy
        });
    spent += own * cost;
    return run;
  };
}

/** For as many operations as modules and stand-ins take. */
async function atOnce(model: Layer, {train, test}: Sets, of: TrainingOf): Promise<Trained> {
  const {rate, seed} = of;
  const steps = equalSteps(of.steps);
  const run = fit(model, train, {
    key: key(seed),
    steps,
    batchSize: BATCH,
    optimizer: adam({learningRate: rate}),
    test,
    logEvery: steps,
    evaluateEvery: Math.max(1, Math.round(steps / 12))
  });
  const figures: Figure[] = [];
  for await (const {step, testAccuracy} of run)
    if (testAccuracy !== undefined)
      figures.push({case: `steps of the whole ${step}`, metric: "test accuracy", value: testAccuracy});
  run.dispose();
  return {score: figures.at(-1)?.value as number, figures};
}

/** Operations of a step, in those of the whole network. What need not go back before a module is left out of account. */
const costOf = (model: Layer) => flops(model, [64]) / flops(assembly().whole as Layer, [64]);

function equalSteps(steps: number): number {
  const {meta, incubation} = assembly();
  const params = meta.init(key(0), [64]);
  const modules = MODULES.map(
    (index) => costOf(incubation(index, params)) * Math.round(steps * SHARES.module)
  );
  tree.dispose(params as never);
  const stages = [costOf(meta as Layer) * Math.round(steps * SHARES.meta), ...modules, steps * SHARES.last];
  return Math.round(stages.reduce((sum, each) => sum + each, 0));
}

/** Bytes that a gradient takes at most, of the whole network and of each module among stand-ins. */
function memory(): Figure[] {
  const {meta, incubation, whole} = assembly();
  const x = ops.random.normal(key(2), [EXAMPLES, 64]);
  const y = tf.zeros([EXAMPLES], "int32");
  const metaParams = meta.init(key(1), [64]);
  const peak = (model: Layer) => {
    const params = model.init(key(3), [64]);
    const gradient = ops.valueAndGrad((at: Params) => ops.softmaxCrossEntropy(model.apply(at, x), y));
    const bytes = peakOf(() => tf.tidy(() => void gradient(params)));
    tree.dispose(params as never);
    return bytes;
  };
  const modules = MODULES.map((index) => [`module ${index}`, incubation(index, metaParams)] as const);
  const figures = [["whole", whole as Layer] as const, ...modules].map(([name, model]) => ({
    case: `assembling, ${name}`,
    metric: "peak bytes",
    value: peak(model)
  }));
  tf.dispose([x, y]);
  tree.dispose(metaParams as never);
  return figures;
}
