import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Choices} from "../../src/ops/moe/routing.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {EXPERTS, FEATURES, TOKENS, tokens} from "./moe-routers.ts";
import {use, withoutLeak} from "./support.ts";

const {tf, key, ArgumentError, ShapeError} = ops;
const {countRouting, dispatch, expertCapacity, expertChoiceRouter, gluExpert, hashRouter, hashTable} =
  ops.moe;
const {limitCapacity, loadLoss, localityLoss, mlpExpert, moe, nestedExpert, noisyTopKRouter} = ops.moe;
const {prototypeRouter, sigmoidRouter, switchAndMixtureRouter, taskRouter, thresholdRouter, topKRouter} =
  ops.moe;

const SHAPE = {features: FEATURES, experts: EXPERTS};
const expert = mlpExpert({hidden: 5});
const mixture = (options: object) =>
  moe({experts: EXPERTS, router: topKRouter(), expert, ...options} as never);
const init = (router: {init(key: ReturnType<typeof ops.key>, shape: typeof SHAPE): unknown}) =>
  router.init(key(0), SHAPE);

/** A wrong call, and what its message says. */
const WRONG: [string, () => unknown, RegExp][] = [
  ["k over experts", () => mixture({router: topKRouter({k: 5})}), /5 experts.*are 4.*from 1 to 4/],
  ["k over experts of a router", () => init(topKRouter({k: 5})), /k is 5.*4 experts/],
  ["k of none", () => init(topKRouter({k: 0})), /k must be a whole number of at least 1/],
  ["a capacity factor of 0", () => mixture({capacity: {factor: 0}}), /above 0, got 0.*leave capacity out/],
  ["a capacity without a number", () => mixture({capacity: {}}), /above 0, got undefined/],
  ["an unknown option of capacity", () => mixture({capacity: {factr: 1}}), /no option factr/],
  [
    "an unknown rule",
    () => expertCapacity({tokens: 8, experts: 2}, {factor: 1, rule: "hard" as never}),
    /capacity.rule must be/
  ],
  [
    "an order that is none",
    () =>
      mixture({capacity: {factor: 1, order: "last"}}).routing(mixture({}).init(key(0), [FEATURES]), tokens()),
    /"arrival" or "priority"/
  ],
  ["no router", () => mixture({router: undefined}), /needs a router.*topKRouter/],
  ["no expert", () => mixture({expert: {}}), /needs an expert.*mlpExpert/],
  ["a loss that is none", () => mixture({losses: {balanced: 1}}), /no option balanced.*balance/],
  ["a weight below 0", () => mixture({losses: {z: -1}}), /losses.z must be a number of at least 0/],
  ["groups that are none", () => mixture({groups: "token"}), /"batch" or "example"/],
  [
    "a dispatch that is none",
    () => mixture({dispatch: "loop"}).apply(mixture({}).init(key(0), [FEATURES]), tokens()),
    /"grouped" or "einsum"/
  ],
  [
    "groups that do not divide",
    () => init(sigmoidRouter({groups: {count: 3, active: 1}})),
    /1 of 3 groups cannot be had of 4/
  ],
  ["prototypes that do not divide", () => init(prototypeRouter({prototypes: 3})), /3 prototypes.*divides 4/],
  ["levels that do not divide", () => init(switchAndMixtureRouter({groups: 3})), /4 experts in 3 groups/],
  ["k over a level's size", () => init(switchAndMixtureRouter({groups: 2, k: 3})), /cannot give 3/],
  ["a threshold of 0", () => thresholdRouter({threshold: 0}), /threshold must be/],
  ["a factor of 0 where experts choose", () => expertChoiceRouter({factor: 0}), /factor must be above 0/],
  ["a hash without a table", () => hashRouter({}), /needs a table: hashTable/],
  [
    "a hash to an expert that is none",
    () => hashRouter({table: [0, 7]}).route({}, tokens(), SHAPE, {}),
    /expert 7.*0 to 3/
  ],
  [
    "a hash without ids",
    () => hashRouter({table: [0]}).route({}, tokens(), SHAPE, {}),
    /ids of tokens.*embedding/
  ],
  [
    "a hash with other ids",
    () => hashRouter({table: [0]}).route({}, tokens(), SHAPE, {left: () => tf.zeros([1, 5], "int32")}),
    /12 tokens, but ids \[1, 5\]/
  ],
  ["a table of no kind", () => hashTable(2, {kind: "sha", vocabulary: 3} as never), /kind must be/],
  [
    "a task without one",
    () => {
      const router = taskRouter({tasks: 2});
      return router.route(router.init(key(0), SHAPE), tokens(), SHAPE, {});
    },
    /left as "task".*got none/
  ],
  [
    "noise without a key",
    () => {
      const router = noisyTopKRouter();
      return router.route(router.init(key(0), SHAPE), tokens(), SHAPE, {training: true});
    },
    /pass a key/
  ],
  ["a load without noise", () => loadLoss(routed()), /needs its noise.*noisyTopKRouter/],
  [
    "shares for other experts",
    () => init(nestedExpert({hidden: 4, shares: [1, 0.5]})),
    /2 shares for 4 experts/
  ],
  ["shares above 1", () => nestedExpert({hidden: 4, shares: [2]}), /at most 1/],
  [
    "an activation that is none",
    () => gluExpert({hidden: 4, activation: "swish" as never}),
    /no activation "swish"/
  ]
];

function routed(): Choices {
  const routing = topKRouter().route({kernel: tf.ones([FEATURES, EXPERTS])}, tokens(), SHAPE);
  if (routing.kind !== "choices") throw new Error("Tokens choose.");
  return routing;
}

/** Wrong calls fail with what to pass instead. */
export function moeErrorsCases(backend: BackendName): void {
  describe(`wrong calls of mixtures on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(WRONG)("%s", (_name, call, message) =>
      withoutLeak(async () => {
        expect(call).toThrow(ArgumentError);
        expect(call).toThrow(message);
      })()
    );

    test(
      "experts of another shape",
      withoutLeak(async () => {
        const layer = mixture({});
        const params = layer.init(key(0), [FEATURES]);
        const others = mlpExpert({hidden: 5}).init(key(0), {experts: 3, features: FEATURES});
        const wider = mlpExpert({hidden: 5}).init(key(0), {experts: EXPERTS, features: 7});
        for (const experts of [others, wider]) {
          const call = () => layer.apply({...params, experts}, tokens());
          expect(call).toThrow(ShapeError);
          expect(call).toThrow(/expected a kernel of shape \[4, 6, out\]/);
        }
        expect(() => layer.apply(params, tf.ones([TOKENS, 7]))).toThrow(/tokens of shape \[tokens, 6\]/);
        expect(() => layer.apply(params, tf.ones([6]) as Tensor)).toThrow(/\[batch, ..., features\]/);
        expect(() => localityLoss(tf.ones([1, 3]))).toThrow(ShapeError);
      })
    );

    test(
      "logits that are no numbers: told where they can be looked at, and never a number that looks right",
      withoutLeak(async () => {
        const layer = mixture({});
        const params = layer.init(key(0), [FEATURES]);
        const x = tf.where(
          tf.equal(tf.range(0, TOKENS).reshape([TOKENS, 1]), 3),
          tf.fill([TOKENS, FEATURES], Number.NaN),
          tokens()
        );
        if (backend !== "webgpu") {
          const call = () => layer.apply(params, x);
          expect(call).toThrow(ArgumentError);
          expect(call).toThrow(/logit of token 3 for expert 0 is NaN.*finite/);
        }
        const routing = layer.routing(params, x, {training: true, key: key(0)});
        await expect(countRouting(routing)).rejects.toThrow(
          /token 3 the weight NaN.*NaN or infinite.*finite/
        );
        const y = (await dispatch(expert, params.experts as never, x, routing).array()) as number[][];
        y.forEach((row, token) => {
          expect(row.every(Number.isNaN)).toBe(token === 3);
          if (token !== 3) expect(row.every(Number.isFinite)).toBe(true);
        });
      })
    );

    test(
      "stretches that do not divide the tokens",
      withoutLeak(async () => {
        expect(() => limitCapacity(routed(), 2, {groups: 5})).toThrow(/12 tokens cannot be split into 5/);
      })
    );
  });
}
