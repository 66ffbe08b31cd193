import {beforeAll, describe, expect, test} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {LocalRule} from "../../src/ops/forward-forward/local-rule.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {learnOnce} from "./ff-rule-support.ts";
import {use, withoutLeak} from "./support.ts";

const {tf, conv2d, dense, key, random, tree} = ops;
const ff = ops.forwardForward;

type Options = Record<string, unknown>;
type Made = (options: Options) => Layer;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const local =
  (rule: (options: never) => LocalRule, more: Options = {}, blocks = [relu(9), relu(8)]): Made =>
  (options) =>
    ff.localNetwork({blocks, rule: rule({...more, ...options} as never), classes: 3}) as Layer;
const stacked =
  (network: (options: never) => unknown, more: Options = {}): Made =>
  (options) =>
    network({layers: [5, 4, 3], activation: "tanh", ...more, ...options} as never) as Layer;

const labels = ff.labelAsInput();
const images = [conv2d({filters: 7, kernelSize: 3}) as Layer];
const graph = {
  nodes: 5,
  edges: [
    [0, 1],
    [1, 2],
    [3, 4]
  ],
  labels: [0, 1, 2, 0, 1],
  labelled: [0, 1, 2],
  classes: 3
};
const levels = [dense({units: 4, activation: "tanh"}), dense({units: 3})] as Layer[];

/** What a docstring states to be the default, and something else in its place. */
const defaults: [name: string, make: Made, stated: Options, others: Options[], inputShape?: number[]][] = [
  [
    "forwardForward",
    local(ff.forwardForward, {labels}),
    {goodness: "sum", normalization: "rms", epsilon: 1e-8, threshold: "width", negatives: ff.wrongLabel()},
    [
      {goodness: "mean"},
      {normalization: "none"},
      {epsilon: 0.1},
      {threshold: 8},
      {negatives: ff.hardNegatives()}
    ]
  ],
  [
    "forwardForward by mean and length",
    local(ff.forwardForward, {labels, goodness: "mean", normalization: "length"}),
    {threshold: 1, epsilon: 1e-4},
    [{threshold: 2}, {epsilon: 1e-2}]
  ],
  ["forwardForward's labels", local(ff.forwardForward), {labels: ff.labelInPixels()}, [{labels}]],
  [
    "peer",
    local((peer) => ff.forwardForward({labels, peer})),
    {weight: 0.03, momentum: 0.9, initial: 0.5},
    [{weight: 3}, {momentum: 0.5}, {initial: 0}]
  ],
  [
    "a classifier",
    local(ff.forwardForward, {labels, predict: "classifier"}),
    {predictFrom: 2, classifierInit: ops.zeros},
    [{predictFrom: 1}, {classifierInit: ops.lecunNormal}]
  ],
  ["symba", local(ff.symba, {labels}), {alpha: 4}, [{alpha: 1}]],
  [
    "layerCollaboration",
    local(ff.layerCollaboration, {labels}),
    {others: 1, whose: "all", threshold: "width"},
    [{others: 0.5}, {whose: "before"}, {threshold: 3}]
  ],
  [
    "class patterns",
    local((own) => ff.forwardForward({labels: ff.classPatterns(own)})),
    {density: 0.1, seed: 0},
    [{density: 0.7}, {seed: 1}]
  ],
  [
    "hybridImages",
    local((own) =>
      ff.forwardForward({
        labels: ff.withoutLabels(),
        negatives: ff.hybridImages({size: [8, 8], ...(own as object)}),
        predict: "classifier"
      })
    ),
    {blurs: 6},
    [{blurs: 0}, {blurs: 5}],
    [64]
  ],
  [
    "scalableForwardForward",
    local(ff.scalableForwardForward),
    {channelsPerClass: 1, margin: 0, normalization: "rms"},
    [{channelsPerClass: 2}, {margin: 1}, {normalization: "none"}]
  ],
  [
    "cascadedForward",
    local(ff.cascadedForward, {blocks: "feedback"}),
    {loss: "crossEntropy", feedbackScale: 1},
    [{loss: "squaredError"}, {feedbackScale: 2}, {blocks: "random"}]
  ],
  [
    "lls",
    local(ff.lls),
    {temperature: 0.1, waves: "harmonics", learned: "none"},
    [{temperature: 1}, {waves: "published"}]
  ],
  ["lls with published waves", local(ff.lls, {waves: "published"}), {temperature: 1}, [{temperature: 0.1}]],
  ["lls of images", local(ff.lls, {}, images), {pooled: 4}, [{pooled: 8}, {pooled: 1}], [8, 8, 1]],
  [
    "momentumAuxiliary",
    local(ff.momentumAuxiliary),
    {momentum: 0.995, useBias: true},
    [{momentum: 0.9}, {useBias: "layer"}]
  ],
  ["feedbackAlignment", stacked(ff.feedbackAlignment), {useBias: true}, [{useBias: false}]],
  ["kolenPollack", stacked(ff.kolenPollack), {decay: 1e-3}, [{decay: 0.1}]],
  [
    "productFeedback",
    stacked(ff.productFeedback),
    {decay: 1e-3, expansion: 2},
    [{decay: 0.1}, {expansion: 1}]
  ],
  [
    "pepita",
    stacked(ff.pepita),
    {projectionScale: 0.05, dropout: 0, useBias: false},
    [{projectionScale: 0.5}, {dropout: 0.5}, {useBias: true}, {linearized: true}]
  ],
  [
    "mirroring",
    (own) => ff.pepita({layers: [5, 3], mirroring: own}) as Layer,
    {rate: 0.01, decay: 0.01},
    [{rate: 0.1}, {decay: 0}]
  ],
  [
    "forwardGradient",
    stacked(ff.forwardGradient),
    {perturb: "weights", guess: "random", samples: 1, apart: false},
    [{perturb: "activities"}, {samples: 2}, {apart: true}]
  ],
  [
    "seededPerturbations",
    (own) => ff.seededPerturbations(ops.mlp([8, 3]), own) as Layer,
    {samples: 20, deviation: 0.01, differences: "forward"},
    [{samples: 10}, {deviation: 0.1}, {differences: "central"}]
  ],
  [
    "counterCurrent",
    (own) => ff.counterCurrent({layers: [5, 3], ...own}) as Layer,
    {match: "cosine", activation: "tanh"},
    [{match: "squared"}, {activation: "relu"}]
  ],
  [
    "hebbianProjection",
    stacked(ff.hebbianProjection, {lateralUnits: 2}),
    {lateralRate: 0.01, lateralMomentum: 0.9, lateralIterations: 5, feedback: "exact"},
    [{lateralRate: 0.1}, {lateralMomentum: 0.5}, {lateralIterations: 1}, {feedback: "sign"}]
  ],
  [
    "softHebbDense",
    (own) => ff.hebbianNetwork({layers: [ff.softHebbDense({units: 4, ...own})], classes: 3}) as Layer,
    {inverseTemperature: 1, losers: "hebbian", normExponent: 0.5},
    [{inverseTemperature: 0.1}, {losers: "antiHebbian"}, {normExponent: 0}]
  ],
  [
    "predictiveCoding",
    (own) => ff.predictiveCoding({layers: levels, ...own}) as Layer,
    {
      output: "squared",
      steps: 20,
      rate: 0.1,
      energy: "sum",
      learn: "settled",
      weights: "gradient",
      damping: 0
    },
    [{output: "crossEntropy"}, {steps: 10}, {rate: 0.05}, {energy: "mean"}, {weights: "proximal"}]
  ],
  [
    "noProp",
    (own) => ff.noProp({classes: 3, ...own}) as Layer,
    {blocks: 10, eta: 0.1, weighting: "snr", output: "classes", embedding: "oneHot"},
    [{blocks: 9}, {eta: 1}, {weighting: "none"}]
  ],
  [
    "noPropCT",
    (own) => ff.noPropCT({classes: 3, ...own}) as Layer,
    {eta: 1, gamma: [5, -5]},
    [{eta: 0.1}, {gamma: [4, -5]}, {gamma: [5, -4]}]
  ],
  ["noPropFM", (own) => ff.noPropFM({classes: 3, ...own}) as Layer, {noise: 0}, [{noise: 1}]],
  [
    "diffusionBlocks",
    (own) => ff.diffusionBlocks({outputs: 3, ...own}) as Layer,
    {blocks: 4, dataDeviation: 0.5, mean: -1.2, deviation: 1.2, range: [0.002, 80], partition: "equalMass"},
    [{blocks: 3}, {dataDeviation: 1}, {mean: 0}, {deviation: 1}, {range: [0.01, 80]}, {partition: "uniform"}]
  ],
  [
    "forwardGraph",
    (own) => ff.forwardGraph({graph, units: [4], ...own} as never) as Layer,
    {method: "single", temperature: 1},
    [{temperature: 0.5}, {method: "virtual"}],
    [5, 8]
  ],
  [
    "forwardGraph by goodness",
    (own) => ff.forwardGraph({graph, units: [4], method: "appended", ...own} as never) as Layer,
    {threshold: 2},
    [{threshold: 1}],
    [5, 8]
  ]
];

describe("defaults of forward-forward", () => {
  beforeAll(() => use("cpu"));

  for (const [name, make, stated, others, inputShape = [8]] of defaults)
    test(
      `${name}: as documented, and each of them counts`,
      withoutLeak(async () => {
        /** All that a step asks for and keeps, as numbers. */
        const stepOf = async (options: Options) => {
          const model = make(options);
          const isGraph = model.name === "forwardGraph";
          const x = random.normal(key(1), [isGraph ? 1 : 6, ...inputShape]);
          const y = isGraph
            ? tf.tensor2d([graph.labels], [1, 5], "int32")
            : tf.tensor1d([0, 1, 2, 2, 1, 0], "int32");
          const params = model.init(key(2), inputShape);
          const {updates, learned, state} = learnOnce(model as never, params, x, y);
          const all = [updates, state].flatMap((each) => tree.leaves<Tensor>(each as unknown as Params));
          const values = await Promise.all(
            [learned.loss, ...all].map(async (each) => Array.from(await each.data()))
          );
          tree.dispose([updates, state] as unknown as Params);
          return values;
        };
        const usual = await stepOf({});
        expect(usual.flat().every(Number.isFinite)).toBe(true);
        expect(await stepOf(stated)).toEqual(usual);
        for (const other of others) expect(await stepOf(other), JSON.stringify(other)).not.toEqual(usual);
      })
    );
});
