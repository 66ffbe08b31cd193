import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use, withoutLeak} from "./support.ts";

const {tf, key, ArgumentError, ShapeError} = ops;
const all = ops.moe;
const {expertChoiceRouter, hashRouter, hashTable, mlpExpert, moe, noisyTopKRouter, topKRouter} = all;

const SHAPE = {features: 4, experts: 4};
const expert = mlpExpert({hidden: 3});
const router = topKRouter();
const x = () => ops.random.normal(key(0), [6, 4]);
const model = moe({experts: 4, router, expert});
const make = (options: object) => moe({experts: 4, router, expert, ...options} as never);
const network = ops.mlp([4, 8, 3]);
const routed = (kernel: Tensor = tf.ones([4, 4])) =>
  router.route({kernel}, x(), SHAPE) as Extract<ReturnType<typeof router.route>, {kind: "choices"}>;
const block = () => [ops.dense({units: 4})];

/** What takes options, given one that there is not. */
const UNKNOWN: Record<string, (other: object) => unknown> = {
  moe: make,
  "moe: shared": (other) => make({shared: {expert, ...other}}),
  "moe: capacity": (other) => make({capacity: {factor: 1, ...other}}),
  "moe: losses": (other) => make({losses: other}),
  "moe: losses.balance": (other) => make({losses: {balance: {weight: 1, ...other}}}),
  "moe: losses.globalBalance": (other) => make({losses: {globalBalance: {weight: 1, ...other}}}),
  "moe: losses.z": (other) => make({losses: {z: {weight: 1, ...other}}}),
  "moe: losses.importance": (other) => make({losses: {importance: {weight: 1, ...other}}}),
  "moe: losses.load": (other) => make({losses: {load: {weight: 1, ...other}}}),
  "moe: losses.locality": (other) => make({losses: {locality: {weight: 1, ...other}}}),
  "moe: losses.chunkSparsity": (other) => make({losses: {chunkSparsity: {weight: 1, ...other}}}),
  topKRouter: (other) => topKRouter(other),
  noisyTopKRouter: (other) => noisyTopKRouter(other),
  cosineRouter: (other) => all.cosineRouter(other),
  expertChoiceRouter: (other) => expertChoiceRouter(other),
  hashRouter: (other) => hashRouter({table: [0], ...other}),
  hyperRouter: (other) => all.hyperRouter(other),
  prototypeRouter: (other) => all.prototypeRouter(other),
  recurrentRouter: (other) => all.recurrentRouter({units: 2, ...other}),
  reluNormRouter: (other) => all.reluNormRouter(other),
  sigmoidRouter: (other) => all.sigmoidRouter(other),
  "sigmoidRouter: groups": (other) => all.sigmoidRouter({groups: {count: 2, active: 1, ...other}}),
  sparseMixerRouter: (other) => all.sparseMixerRouter(other),
  switchAndMixtureRouter: (other) => all.switchAndMixtureRouter({groups: 2, ...other}),
  switchRouter: (other) => all.switchRouter(other),
  taskRouter: (other) => all.taskRouter({tasks: 2, ...other}),
  thresholdRouter: (other) => all.thresholdRouter(other),
  hashTable: (other) => hashTable(4, {kind: "modulo", vocabulary: 3, ...other} as never),
  mlpExpert: (other) => mlpExpert({hidden: 2, ...other}),
  gluExpert: (other) => all.gluExpert({hidden: 2, ...other}),
  loraExpert: (other) => all.loraExpert({hidden: 2, ...other}),
  nestedExpert: (other) => all.nestedExpert({hidden: 2, shares: [1], ...other}),
  dispatch: (other) => all.dispatch(expert, expert.init(key(0), SHAPE), x(), routed(), other),
  queuePlaces: (other) => all.queuePlaces(routed(), other),
  limitCapacity: (other) => all.limitCapacity(routed(), 2, other),
  balanceLoss: (other) => all.balanceLoss(routed(), other),
  squaredVariation: (other) => all.squaredVariation(tf.ones([4]), other),
  importanceLoss: (other) => all.importanceLoss(tf.ones([6, 4]), other),
  loadLoss: (other) => all.loadLoss(routed(), other),
  localityLoss: (other) => all.localityLoss(tf.ones([6, 4]), other),
  chunkSparsityLoss: (other) => all.chunkSparsityLoss(tf.ones([6, 4]), other),
  softMoe: (other) => all.softMoe({experts: 2, expert, ...other}),
  smear: (other) => all.smear({experts: 2, expert, ...other}),
  competeMoe: (other) => all.competeMoe({experts: 2, expert, ...other}),
  fastFeedforward: (other) => all.fastFeedforward({depth: 1, leafUnits: 2, ...other}),
  nestedMixture: (other) => all.nestedMixture({hidden: 2, capacities: [0.5, 0.5], ...other}),
  nested: (other) => all.nested(ops.dense({units: 4}), {capacities: [0.5, 0.5], ...other}),
  nestedCapacities: (other) => all.nestedCapacities(0.5, other),
  s2Moe: (other) => all.s2Moe(model, other),
  "s2Moe: noise": (other) => all.s2Moe(model, {noise: other}),
  skipMiddle: (other) => all.skipMiddle({blocks: [block(), block()] as never, ...other}),
  "skipMiddle: targets": (other) =>
    all.skipMiddle({blocks: [block(), block()] as never, targets: {middle: 0.5, ...other}}),
  rescaled: (other) => all.rescaled(model, {tokens: 2, channels: 2, ...other}),
  sparseMlpBlock: (other) => all.sparseMlpBlock({tokens: model as never, channels: model as never, ...other}),
  upcycle: (other) => all.upcycle(network as never, network.init(key(0)), {experts: 2, ...other}),
  upcycleVirtualGroups: (other) =>
    all.upcycleVirtualGroups(network as never, network.init(key(0)), {copies: 2, shards: 2, ...other}),
  moefy: (other) => all.moefy(network as never, network.init(key(0)), x(), {experts: 2, k: 1, ...other}),
  cmoe: (other) => all.cmoe(network as never, network.init(key(0)), x(), {experts: 3, k: 1, ...other}),
  readMe: (other) =>
    all.readMe(network as never, network.init(key(0)), x(), {domains: [0, 1, 0, 1, 0, 1], ...other}),
  mergeExperts: (other) =>
    all.mergeExperts(model as never, model.init(key(0), [4]), x(), {keep: 2, ...other}),
  uncurl: (other) => all.uncurl(model as never, model.init(key(0), [4]), x(), {keep: 2, ...other}),
  pruneExperts: (other) =>
    all.pruneExperts(model as never, model.init(key(0), [4]), {}, {keep: 2, inputShape: [4], ...other}),
  selfContrast: (other) => all.selfContrast(model as never, model.init(key(0), [4]), x(), other),
  routingReport: (other) =>
    all.routingReport(model as never, model.init(key(0), [4]), ops.datasets.xor({n: 4}), other)
};

const slots = () => expertChoiceRouter().route({kernel: tf.ones([4, 4])}, x(), SHAPE) as never;
const ids = (id: number) => ({left: () => tf.fill([1, 6], id, "int32")});
const mask = () => ({mask: tf.ones([1, 3])});

/** A wrong call, the error, and what it says. */
const WRONG: [string, () => unknown, typeof ArgumentError | typeof ShapeError, RegExp][] = [
  ["nothing at all", () => moe(undefined as never), ArgumentError, /object with some of experts, router/],
  ["null for options", () => topKRouter(null as never), ArgumentError, /object with some of.*k/],
  ["k as a word", () => topKRouter({k: "2" as never}), ArgumentError, /k must be a whole number.*got 2/],
  ["k of a half", () => all.thresholdRouter({k: 1.5}), ArgumentError, /k must be a whole number/],
  [
    "weights that are none",
    () => noisyTopKRouter({weights: "sum" as never}),
    ArgumentError,
    /"renormalised" or "softmax", got sum/
  ],
  [
    "jitter of 2",
    () => all.sigmoidRouter({jitter: 2}),
    ArgumentError,
    /jitter must be a number between 0 and 1/
  ],
  [
    "an initializer by name",
    () => topKRouter({kernelInit: "zeros" as never}),
    ArgumentError,
    /initializer, such as lecunNormal/
  ],
  ["an epsilon of 0", () => all.reluNormRouter({epsilon: 0}), ArgumentError, /epsilon/],
  [
    "a layer for an expert",
    () => make({expert: ops.dense({units: 4})}),
    ArgumentError,
    /not the layer dense/
  ],
  [
    "a shared expert without the record",
    () => make({shared: expert}),
    ArgumentError,
    /shared has no option name/
  ],
  [
    "no shared experts",
    () => make({shared: {expert, count: 0}}),
    ArgumentError,
    /experts must be a whole number/
  ],
  [
    "a dispatch that is none, at once",
    () => make({dispatch: "loop"}),
    ArgumentError,
    /"grouped" or "einsum", got loop/
  ],
  [
    "an order that is none, at once",
    () => make({capacity: {factor: 1, order: "last"}}),
    ArgumentError,
    /"arrival" or "priority"/
  ],
  ["tokens and a factor", () => make({capacity: {factor: 1, tokens: 2}}), ArgumentError, /Pass one of both/],
  [
    "a multiple of 0",
    () => make({capacity: {factor: 1, multipleOf: 0}}),
    ArgumentError,
    /multipleOf must be/
  ],
  [
    "a capacity of a half",
    () => all.limitCapacity(routed(), 2.5),
    ArgumentError,
    /capacity must be a whole number/
  ],
  [
    "no groups",
    () => all.limitCapacity(routed(), 2, {groups: 0}),
    ArgumentError,
    /groups must be a whole number/
  ],
  [
    "stretches that do not divide, in a loss",
    () => all.balanceLoss(routed(), {groups: 4}),
    ArgumentError,
    /6 tokens cannot be split into 4/
  ],
  [
    "a convention that is none, at once",
    () => make({losses: {balance: {weight: 1, convention: "mean"}}}),
    ArgumentError,
    /"switch", "megablocks" or "gshard"/
  ],
  [
    "a loss without a weight",
    () => make({losses: {balance: {convention: "gshard"}}}),
    ArgumentError,
    /losses.balance must be a number/
  ],
  ["no loss", () => make({losses: {balance: null}}), ArgumentError, /losses.balance must be a number/],
  [
    "a memory above 1",
    () => make({losses: {globalBalance: {weight: 1, memory: 2}}}),
    ArgumentError,
    /memory must be/
  ],
  ["balance where experts choose", () => all.balanceLoss(slots()), ArgumentError, /tokens that choose/],
  ["gates where experts choose", () => all.gatesOf(slots()), ArgumentError, /tokens that choose/],
  ["a queue where experts choose", () => all.limitCapacity(slots(), 2), ArgumentError, /tokens that choose/],
  [
    "a capacity where experts choose",
    () => make({router: expertChoiceRouter(), capacity: {factor: 1}}).routing(model.init(key(0), [4]), x()),
    ArgumentError,
    /Leave capacity out.*\{factor\}/
  ],
  ["logits of one token", () => all.zLoss(tf.ones([4])), ShapeError, /logits \[tokens, experts\], got \[4\]/],
  ["gates of one token", () => all.importanceLoss(tf.ones([4])), ShapeError, /gates \[tokens, experts\]/],
  ["chunks of one token", () => all.chunkSparsityLoss(tf.ones([4])), ShapeError, /gates \[tokens, experts\]/],
  [
    "locality of a batch",
    () => all.localityLoss(tf.ones([2, 3, 4])),
    ShapeError,
    /logits \[tokens, experts\]/
  ],
  [
    "counts of other experts",
    () => all.globalBalanceLoss(routed(), tf.ones([3])),
    ShapeError,
    /counts \[4\].*got \[3\]/
  ],
  ["a table of nothing", () => hashTable(4, undefined as never), ArgumentError, /kind must be "modulo"/],
  [
    "a table without ids",
    () => hashTable(4, {kind: "modulo"} as never),
    ArgumentError,
    /vocabulary is missing/
  ],
  [
    "a random table without a key",
    () => hashTable(4, {kind: "random", vocabulary: 3} as never),
    ArgumentError,
    /vocabulary and key: key is missing/
  ],
  [
    "counts below 0",
    () => hashTable(4, {kind: "balanced", counts: [1, -1]}),
    ArgumentError,
    /that of id 1 is -1/
  ],
  [
    "an id that a table does not have",
    () => hashRouter({table: [0, 1]}).route({}, x(), SHAPE, ids(7)),
    ArgumentError,
    /no expert for token 0 \(id 7\).*vocabulary/
  ],
  [
    "a task that there is not",
    () => all.taskRouter({tasks: 2}).route({kernel: tf.ones([2, 4, 4])}, x(), SHAPE, ids(5)),
    ArgumentError,
    /a task 5, but tasks are 0 to 1/
  ],
  [
    "a mask of other tokens",
    () => expertChoiceRouter().route({kernel: tf.ones([4, 4])}, x(), SHAPE, mask()),
    ShapeError,
    /6 tokens, got \[1, 3\]/
  ],
  [
    "a mask of other tokens, merged",
    () =>
      all
        .smear({experts: 2, expert})
        .apply({router: {kernel: tf.ones([4, 2])}, experts: {}}, tf.ones([2, 3, 4]), mask()),
    ShapeError,
    /\(mask\).*\[2, 3\]/
  ],
  [
    "nested experts merged",
    () => mergedNested(),
    ShapeError,
    /in\/kernel of shape \[2, ...\], one for each expert, got \[4, 3\]/
  ],
  [
    "shares that are no list",
    () => all.nestedExpert({hidden: 2} as never),
    ArgumentError,
    /list of numbers.*got undefined/
  ],
  [
    "a mix that is none",
    () => all.softMoe({experts: 2, expert, mix: "raw" as never}),
    ArgumentError,
    /"normalised" or "tokens"/
  ],
  ["a temperature of 0", () => all.s2Moe(model, {temperature: 0}), ArgumentError, /temperature must be/],
  ["no layer", () => all.acrossTokens(undefined as never), ArgumentError, /needs a layer, such as moe/],
  [
    "an infinite logit",
    () => routed(tf.fill([4, 4], Number.POSITIVE_INFINITY)),
    ArgumentError,
    /logit of token 0 for expert 0 is (-?Infinity|NaN)/
  ],
  ["experts taken out of nested ones", () => prunedNested(), ArgumentError, /parts of one network/],
  [
    "experts that no longer divide",
    () => prunedGroups(),
    ArgumentError,
    /3 experts cannot be split into 2 prototypes/
  ]
];

function mergedNested() {
  const layer = all.smear({experts: 2, expert: all.nestedExpert({hidden: 3, shares: [1, 0.5]})});
  return layer.apply(layer.init(key(0), [3, 4]), tf.ones([2, 3, 4]));
}

function prunedNested() {
  const layer = make({expert: all.nestedExpert({hidden: 3, shares: [1, 1, 0.5, 0.5]})});
  const scores = all.randomExpertScores(layer as never, key(0), {inputShape: [4]});
  return all.pruneExperts(layer as never, layer.init(key(0), [4]), scores, {keep: 2, inputShape: [4]});
}

function prunedGroups() {
  const layer = make({router: all.prototypeRouter({prototypes: 2})});
  const scores = all.randomExpertScores(layer as never, key(0), {inputShape: [4]});
  return all.pruneExperts(layer as never, layer.init(key(0), [4]), scores, {keep: 3, inputShape: [4]});
}

describe("wrong calls of petri/moe", () => {
  beforeAll(() => use("cpu"));

  test.each(Object.entries(UNKNOWN))("%s refuses an option that there is not", (_name, call) =>
    withoutLeak(async () => {
      const run = async () => await call({surely: 1});
      await expect(run()).rejects.toThrow(ArgumentError);
      await expect(run()).rejects.toThrow(/has no option surely\. There are? /);
    })()
  );

  test.each(WRONG)("%s", (_name, call, kind, message) =>
    withoutLeak(async () => {
      expect(call).toThrow(kind);
      expect(call).toThrow(message);
    })()
  );
});
