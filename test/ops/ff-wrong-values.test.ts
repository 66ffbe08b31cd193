import {beforeAll, describe, expect, test} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {testWrongCalls, type WrongCalls} from "./ff-wrong-support.ts";
import {use} from "./support.ts";

const {tf, dense, key, mlp} = ops;
const ff = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const layers = [8, 3];
const local = {blocks: [relu(3)], rule: ff.monoForward(), classes: 3};
const gaussians = () => ops.datasets.gaussians({n: 24, classes: 3, seed: 5});
const column = (rows: number, value = 1) => ({rows, columns: 1, values: new Float64Array(rows).fill(value)});
const eye = () => tf.eye(3);
const schedule = ff.noiseSchedule(4);
const patterns = ff.randomPatterns(key(0), {rows: 2, size: 4});
const memory = ff.denseHebbian(ff.noisyExamples(key(1), patterns, {count: 3, quality: 0.5}));
const up = [1, 1, 1, 1];
const sdr = () => new ff.SdrMemory({inputs: 3, modules: 2, units: 3});
const pupil = () => ff.teacherStudent({inputs: 3, key: key(0)});
const graph = {nodes: 4, edges: [[0, 1]], labels: [0, 1, 0, 1], labelled: [0, 1], classes: 2};
const run = (call: () => unknown) => () =>
  tf.tidy(() => {
    call();
    return eye();
  });

/** Numbers that are none, and things of another kind: what would come out as NaN, or as an error of the language. */
const calls: WrongCalls = {
  "an epsilon of zero": [() => ff.forwardForward({epsilon: 0}), /epsilon must be a number of at least 1e-30/],
  "no peers": [() => ff.forwardForward({peer: null as never}), /peer takes an object.*got null/],
  "peers by a flag": [() => ff.symba({peer: false as never}), /peer takes an object.*got false/],
  "no options of fit": [
    () => ff.fitInTurn(local, gaussians(), null as never),
    /fitInTurn takes options of fit such as \{steps: 100\}, got null/
  ],
  "no data for blocks in turn": [() => ff.fitInTurn(local, undefined as never), /takes a dataset.*undefined/],
  "modules that are no layers": [
    () => ff.modelAssembling({modules: [relu(3), 2 as never], meta: [relu(3), relu(3)]}),
    /modules\[1\] must be a layer/
  ],
  "stand-ins that are no layers": [
    () => ff.modelAssembling({modules: [relu(3), relu(3)], meta: [relu(3), undefined as never]}),
    /meta\[1\] must be a layer/
  ],
  "modules without parameters": [
    () =>
      ff
        .modelAssembling({modules: [relu(3), relu(3)], meta: [relu(3), relu(3)]})
        .assemble([undefined as never, {}]),
    /parameters of a module at place 0, got undefined/
  ],
  "no matrix": [
    () => ff.randomFeatureBoosting(undefined as never, column(3)),
    /inputs takes a matrix \{rows, columns, values\}/
  ],
  "a matrix that is too short": [
    () => ff.randomFeatureBoosting({...column(3), columns: 2}, column(3)),
    /inputs has 3 rows of 2, which are 6 numbers, got 3/
  ],
  "inputs that are no numbers": [
    () => ff.randomFeatureBoosting(column(3, NaN), column(3)),
    /inputs must be finite numbers, got NaN at place 0/
  ],
  "infinite targets": [
    () => ff.randomFeatureBoosting(column(3), column(3, Infinity)),
    /targets must be finite/
  ],
  "a seed in the place of a key": [
    () => ff.randomFeatureBoosting(column(3), column(3), {key: 3 as never}),
    /draws by a key: pass \{key: key\(1\)\}; got 3/
  ],
  "inputs of another width": [
    () =>
      ff.boostedOutputs(ff.randomFeatureBoosting(column(3), column(3), {width: 4, features: 4, layers: 1}), {
        ...column(4),
        rows: 2,
        columns: 2
      }),
    /inputs must have 1 columns, as what it was made from; got 2/
  ],
  "nothing boosted": [
    () => ff.boostedOutputs(undefined as never, column(2)),
    /what randomFeatureBoosting gave/
  ],
  "a step behind the last": [
    run(() => ff.noised(schedule, 5, eye(), eye())),
    /noised: t must be a whole number from 0 to 4, got 5/
  ],
  "half a step": [run(() => ff.noised(schedule, 1.5, eye(), eye())), /from 0 to 4, got 1.5/],
  "noise of another shape": [
    run(() => ff.noised(schedule, 1, eye(), tf.zeros([1, 3]))),
    /noised takes two of the same shape, got \[3, 3\] and \[1, 3\]/
  ],
  "the loss of no block": [run(() => ff.denoisingLoss(schedule, 0, eye(), eye())), /from 1 to 4, got 0/],
  "an eta in words": [run(() => ff.denoisingLoss(schedule, 1, eye(), eye(), "x" as never)), /eta must be/],
  "a way from nowhere": [run(() => ff.nextEmbedding(schedule, 0, eye(), eye())), /from 1 to 4, got 0/],
  "no schedule": [
    run(() => ff.priorDivergence({} as never, eye())),
    /a schedule such as noiseSchedule\(10\)/
  ],
  "no steps": [() => ff.noiseSchedule(undefined as never), /the number of steps, or a list of factors/],
  "one noise level": [() => ff.noiseIntervals(4, {range: 5 as never}), /two noise levels above 0.*got 5/],
  "a range without noise levels": [
    () => ff.noiseIntervals(4, {mean: 100}),
    /next to nothing of exp\(normal\) of mean 100.*take a mean between -6.2 and 4.4/
  ],
  "levels of no block": [() => ff.noiseIntervals(4).levels(5, 3), /block must be from 1 to 4, got 5/],
  "a block that makes none": [
    () => ff.noProp({classes: 3, block: (() => 5) as never}),
    /What block makes\[0\] must be a layer.*got 5/
  ],
  "a block that is no function": [
    () => ff.noPropFM({classes: 3, block: relu(3) as never}),
    /block must be a function such as \(outputs\) => dense\(\{units: outputs\}\)/
  ],
  "an encoder that is no function": [
    () => ff.diffusionBlocks({outputs: 3, encoder: relu(3) as never}),
    /encoder must be a function such as \(\) => flatten\(\)/
  ],
  "a factor for all blocks": [() => ff.noProp({classes: 3, alpha: 0.5 as never}), /alpha must be a list/],
  "one gamma": [() => ff.noPropCT({classes: 3, gamma: 5 as never}), /gamma must fall.*got 5/],
  "gammas in words": [() => ff.noPropCT({classes: 3, gamma: ["5", "-5"] as never}), /gamma must fall/],
  "gammas that are lost to rounding": [
    () => ff.noPropCT({classes: 3, gamma: [200, -200]}),
    /between 15 and -15; got \[200, -200\]/
  ],
  "parameters of something else": [() => ff.learnedNoise({}, eye()), /pass params.schedule/],
  "times in a row": [
    run(() => ff.learnedNoise(ff.noPropCT({classes: 3}).init(key(0), [2]).schedule as Params, tf.zeros([2]))),
    /learnedNoise.*\[times, 1\].*\[2\]/
  ],
  "values that are no numbers": [
    () => ff.ensembleReport({values: Float32Array.of(1, NaN), units: 2, labels: [0], classes: 1}),
    /values must be finite numbers, got NaN at place 1/
  ],
  "no labels": [
    () => ff.ensembleReport({values: Float32Array.of(1), units: 1, classes: 1} as never),
    /labels, a class number for each row, got undefined/
  ],
  "pixels that are no numbers": [
    () => [
      ...ff.blockCoordinateDescent({...gaussians(), inputs: new Float32Array(48).fill(NaN)}, {hidden: [3]})
    ],
    /Inputs of .* must be finite numbers, got NaN at place 0/
  ],
  "no data": [() => [...ff.blockCoordinateDescent(undefined as never, {hidden: [3]})], /takes a dataset/],
  "weights of other inputs": [
    () => ff.affineOutputs([column(3)], column(2)),
    /inputs must have 2 columns.*got 1/
  ],
  "no weights": [() => ff.affineOutputs([], column(2)), /weights that blockCoordinateDescent returned/],
  "layers by a number": [
    () => ff.directFeedbackAlignment({layers: 5 as never}),
    /layers must be the units.*got 5/
  ],
  "layers of projections by a number": [
    () => ff.hebbianProjection({layers: 5 as never, lateralUnits: 2}),
    /layers must be the units.*got 5/
  ],
  "a bias in words": [
    () => ff.feedbackAlignment({layers, useBias: "yes" as never}),
    /useBias must be true or false, got yes/
  ],
  "cosines in words": [() => ff.pepita({layers, cosines: "all" as never}), /cosines must be true or false/],
  "mirroring by a flag": [() => ff.pepita({layers, mirroring: false as never}), /mirroring takes an object/],
  "apart in words": [() => ff.forwardGradient({layers, apart: "no" as never}), /apart must be true or false/],
  "points in no network": [() => ff.feedbackPoints(3 as never, {points: []}), /network\[0\] must be a layer/],
  "a loss at points by its name": [
    () => ff.feedbackPoints(mlp([2, 3]), {points: ["dense1"], loss: "mse" as never}),
    /loss must be a function/
  ],
  "projections of points by a number": [
    () => ff.feedbackPoints(mlp([2, 3]), {points: ["dense1"], feedbackInit: 3 as never}),
    /feedbackInit must be a function/
  ],
  "no options of seeds": [
    run(() => ff.seededDifferences(relu(3), {}, eye(), eye(), undefined as never)),
    /seededDifferences takes \{key, samples/
  ],
  "differences in a list": [
    () => ff.gradientFromSeeds({w: [] as never}, [1, 2] as never, {key: key(1)}),
    /a tensor of differences, \[samples\]/
  ],
  "an initializer in time": [
    () => ff.stationaryFeedback({units: 3, recurrentInit: 3 as never}),
    /recurrentInit must be a function/
  ],
  "edges that are no pairs": [
    () => ff.forwardGraph({graph: {...graph, edges: [3]} as never, units: [3]}),
    /graph.edges must be pairs that join nodes 0 to 3, got 3/
  ],
  "no edges": [
    () => ff.forwardGraph({graph: {...graph, edges: undefined} as never, units: [3]}),
    /graph.edges must be pairs that join nodes.*undefined/
  ],
  "a metric by its name": [() => ff.onNodes([0], "accuracy" as never), /a loss or a metric such as accuracy/],
  "a node that there is not": [
    run(() => ff.onNodes([9], ops.accuracy)(tf.zeros([1, 4, 2]), tf.zeros([1, 4], "int32"))),
    /there is no node 9 in outputs \[1, 4, 2\]/
  ],
  "no state for the next task": [
    () => ff.nextTask(undefined as never, {lateralUnits: 1, optimizer: ops.adam(), key: key(0)}),
    /the state of a training of hebbianProjection/
  ],
  "spins in the place of examples": [
    () => ff.denseHebbian(patterns as never),
    /archetypes of the examples must be a whole number.*undefined/
  ],
  "a state of another size": [
    () => ff.hebbianEnergy(memory, [1, 2]),
    /hebbianEnergy: expected a state of 4 spins/
  ],
  "spins that are no numbers": [() => ff.hebbianEnergy(memory, [1, NaN, 1, 1]), /between -1 and 1, got NaN/],
  "no key to retrieve by": [() => ff.retrieve(memory, up, {} as never), /retrieve draws by a key/],
  "no memory": [() => ff.retrieve(undefined as never, up, {key: key(0)}), /a memory such as denseHebbian/],
  "patterns without a key": [
    () => ff.randomPatterns(undefined as never, {rows: 1, size: 1}),
    /randomPatterns draws by a key/
  ],
  "an unknown option of patterns": [
    () => ff.randomPatterns(key(0), {rows: 1, size: 1, dilluted: 1} as never),
    /randomPatterns has no option dilluted/
  ],
  "examples of nothing": [
    () => ff.noisyExamples(key(0), undefined as never, {count: 1, quality: 1}),
    /spins such as randomPatterns/
  ],
  "numbers that are no spins": [
    () => ff.asSpins([1, NaN], 2, 0),
    /must be finite numbers, got NaN at place 1/
  ],
  "an archetype that there is not": [
    () => ff.examplesOf(patterns, [0, 5], 1),
    /row 1 is of the archetype 5, and there are 1/
  ],
  "the overlap of no numbers": [() => ff.overlaps([1, NaN, 1, 1], patterns), /must be finite/],
  "a code without a key": [() => sdr().code([1, 0, 0], undefined as never), /SdrMemory draws by a key/],
  "a code of nothing": [() => sdr().code(undefined as never, key(0)), /an input of 3 numbers, got undefined/],
  "codes of no modules": [
    () => ff.codeOverlap({winners: new Int32Array()} as never, {winners: new Int32Array()} as never),
    /codes of 0 and 0 modules/
  ],
  "a student without a key": [() => ff.teacherStudent({inputs: 3} as never), /teacherStudent draws by a key/],
  "a simulation without a key": [
    () => ff.simulateStudent(pupil(), {rule: "pepita", time: 1} as never),
    /simulateStudent draws by a key/
  ],
  "no student": [
    () => ff.studentCurve(undefined as never, {rule: "pepita", time: 1}),
    /studentCurve takes what teacherStudent gave/
  ]
};

describe("values that forward-forward cannot take", () => {
  beforeAll(() => use("cpu"));

  testWrongCalls(calls);

  test("reports of nothing", async () => {
    const data = {train: gaussians(), test: gaussians()};
    await expect(ff.goodnessReport(undefined as never, {}, gaussians())).rejects.toThrow(
      /takes a localNetwork/
    );
    await expect(ff.probeReport(mlp([2, 3]), {}, gaussians() as never)).rejects.toThrow(/\{train, test\}/);
    await expect(ff.probeReport(undefined as never, {}, data)).rejects.toThrow(
      /takes a network, got undefined/
    );
    await expect(ff.gradientCosines(undefined as never, {}, {} as never)).rejects.toThrow(
      /a rule of its own/
    );
    const model = ff.feedbackAlignment({layers});
    await expect(ff.gradientCosines(model, {}, {} as never)).rejects.toThrow(
      /a batch, \{x, y\}, got undefined/
    );
  });
});
