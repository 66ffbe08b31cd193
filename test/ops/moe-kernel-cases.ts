import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import {combineRows} from "../../src/gpu/kernels/combine-rows.ts";
import {groupedMatmul} from "../../src/gpu/kernels/grouped-matmul.ts";
import {ROUTE_WEIGHTS, type RouteWeights, routeTopK} from "../../src/gpu/kernels/route-top-k.ts";
import {sortByExpert} from "../../src/gpu/kernels/sort-by-expert.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {ACTIVATIONS, randomNumbers} from "./float64.ts";
import {combined, type Experts, grouped, routed} from "./moe-float64.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const valuesOf = async (x: Tensor) => Array.from(await x.data());
const ints = (values: readonly number[], shape: number[]) => tf.tensor(values as number[], shape, "int32");

/** Choices of tokens: k different experts each; `expertOf` says which. */
const choicesOf = (n: number, k: number, expertOf: (token: number, j: number) => number) =>
  Array.from({length: n * k}, (_, c) => expertOf(Math.floor(c / k), c % k));

/** How tokens are spread, with what is hard about each. */
const SPREADS: {name: string; n: number; k: number; experts: number; of: (t: number, j: number) => number}[] =
  [
    {name: "many tokens, some experts empty", n: 70, k: 2, experts: 9, of: (t, j) => (t * 5 + j * 3) % 8},
    {name: "some dropped", n: 33, k: 2, experts: 4, of: (t, j) => (t % 5 === j ? -1 : (t + 2 * j) % 4)},
    {name: "all to one expert", n: 41, k: 1, experts: 3, of: () => 1},
    {name: "one token", n: 1, k: 2, experts: 5, of: (_t, j) => 4 - j},
    {name: "every token to all experts", n: 6, k: 3, experts: 3, of: (_t, j) => j},
    {name: "all dropped", n: 4, k: 1, experts: 2, of: () => -1},
    {name: "300 experts", n: 90, k: 2, experts: 300, of: (t, j) => (t * 7 + j * 150) % 300}
  ];

function expertsOf({n, k, experts, of}: (typeof SPREADS)[number], sizes: {inner: number; columns: number}) {
  const {inner, columns} = sizes;
  const x = randomNumbers(1, n * inner);
  const kernels = randomNumbers(2, experts * inner * columns);
  const bias = randomNumbers(3, experts * columns);
  return {x, kernels, bias, choices: choicesOf(n, k, of), n, k, experts, ...sizes} satisfies Experts;
}

/** Routing, sorting, products of groups and their combination, against their definitions. */
export function moeKernelCases(backend: BackendName): void {
  describe(`kernels of experts on ${backend}`, () => {
    beforeAll(() => use(backend));

    describe.each(ROUTE_WEIGHTS)("routing with weights %s", (weights: RouteWeights) => {
      test.each([
        {n: 1, experts: 1, k: 1},
        {n: 7, experts: 5, k: 2},
        {n: 70, experts: 64, k: 2},
        {n: 3, experts: 6, k: 6},
        {n: 5, experts: 130, k: 9}
      ])("$n tokens, $k of $experts", ({n, experts, k}) =>
        withoutLeak(async () => {
          const logits = randomNumbers(4, n * experts).map((value) => 4 * value);
          const bias = randomNumbers(5, experts);
          for (const added of [undefined, bias]) {
            const wanted = routed(logits, {experts, k, weights, bias: added});
            poison([n, k], [n, experts]);
            const x = tf.tensor2d(logits, [n, experts]);
            const routes = () => routeTopK(x, {k, weights, bias: added && tf.tensor1d(added)});
            const {indices, weights: shares, probabilities} = routes();
            expect(await valuesOf(indices)).toEqual(wanted.indices);
            await expectClose(shares, wanted.weights);
            await expectClose(probabilities, wanted.probabilities);
            expect(await valuesOf(routes().weights)).toEqual(await valuesOf(shares));
          }
        })()
      );

      test("its gradients, first and second", () =>
        withoutLeak(async () => {
          const logits = tf.tensor2d(randomNumbers(6, 4 * 7), [4, 7]);
          const mixed = (x: Tensor) => {
            const {weights: shares, probabilities} = routeTopK(x, {k: 3, weights});
            return tf.concat([shares, tf.square(probabilities)], 1);
          };
          await expectTrueGradients(mixed, logits as never, {together: true});
        })());

      test("what is no number is seen, and stays in its row", () =>
        withoutLeak(async () => {
          const x = tf.tensor2d([1, 2, 3, 1, NaN, 3, 5, 4, -Infinity], [3, 3]);
          for (const bias of [undefined, tf.zeros([3])]) {
            const routes = routeTopK(x, {k: 2, weights, bias: bias as Tensor | undefined});
            const indices = await valuesOf(routes.indices);
            expect(indices.every((e) => e >= 0 && e < 3)).toBe(true);
            expect([...indices.slice(0, 2), ...indices.slice(4)]).toEqual([2, 1, 0, 1]);
            const shares = await valuesOf(routes.weights);
            expect(shares.slice(2, 4).some(Number.isNaN)).toBe(true);
            expect([...shares.slice(0, 2), ...shares.slice(4)].every(Number.isFinite)).toBe(true);
            const all = await valuesOf(routes.probabilities);
            expect(all.slice(3, 6).some(Number.isNaN)).toBe(true);
            expect(all[8]).toBe(0);
          }
        })());
    });

    test("equal logits are taken by the lower index, and large ones overflow nowhere", () =>
      withoutLeak(async () => {
        const x = tf.tensor2d([0, 0, 0, 0, -300, -300, -301, -300, 3e38, 0, 0, -3e38], [3, 4]);
        for (const weights of ROUTE_WEIGHTS) {
          const {indices, weights: shares} = routeTopK(x, {k: 2, weights});
          expect(await valuesOf(indices)).toEqual([0, 1, 0, 1, 0, 1]);
          expect((await valuesOf(shares)).every(Number.isFinite)).toBe(true);
        }
        const {weights: shares} = routeTopK(x, {k: 2, weights: "renormalisedSigmoid"});
        await expectClose(tf.slice(shares, [1, 0], [1, 2]), [0.5, 0.5]);
      })());

    test.each(SPREADS)("sorting choices: $name", ({n, k, experts, of}) =>
      withoutLeak(async () => {
        const choices = choicesOf(n, k, of);
        const expertAt = (c: number) => {
          const e = choices[c] as number;
          return e < 0 ? experts : e;
        };
        const order = choices.map((_, c) => c).sort((a, b) => expertAt(a) - expertAt(b) || a - b);
        poison([n * k], [experts + 1]);
        const sorted = sortByExpert(ints(choices, [n, k]), experts);
        expect(await valuesOf(sorted.order)).toEqual(order);
        expect(await valuesOf(sorted.rows)).toEqual(order.map((c) => Math.floor(c / k)));
        expect(sorted.places.shape).toEqual([n, k]);
        expect(await valuesOf(sorted.places)).toEqual(choices.map((e, c) => (e < 0 ? -1 : order.indexOf(c))));
        const starts = Array.from(
          {length: experts + 1},
          (_, e) => choices.filter((c) => c >= 0 && c < e).length
        );
        expect(await valuesOf(sorted.offsets)).toEqual(starts);
      })()
    );

    const SIZES = [
      {inner: 5, columns: 3},
      {inner: 8, columns: 12},
      {inner: 36, columns: 68}
    ];
    test.each(
      SPREADS.flatMap((spread) =>
        SIZES.slice(0, spread.experts > 100 ? 2 : 3).map((sizes) => ({...spread, ...sizes}))
      )
    )("products of groups, $inner x $columns: $name", (given) =>
      withoutLeak(async () => {
        const experts = expertsOf(given, given);
        const {n, k, inner, columns} = experts;
        const shape = {kernels: [given.experts, inner, columns], bias: [given.experts, columns]};
        const sorted = sortByExpert(ints(experts.choices, [n, k]), given.experts);
        const at = {
          x: tf.tensor2d(experts.x, [n, inner]),
          kernels: tf.tensor(experts.kernels, shape.kernels),
          bias: tf.tensor(experts.bias, shape.bias)
        };
        const dy = tf.tensor(randomNumbers(9, n * k * columns), [n * k, columns]);
        const order = await valuesOf(sorted.order);
        for (const activation of ["linear", "relu", "tanh"] as const) {
          const wanted = grouped(experts, order, await dy.data(), ACTIVATIONS[activation]);
          const run = (here: typeof at, places?: Tensor) =>
            groupedMatmul({...here, offsets: sorted.offsets, rows: sorted.rows, places, activation});
          poison([n * k, columns], shape.kernels, shape.bias, [n, inner]);
          await expectClose(run(at), wanted.y, {atol: 3e-5});
          for (const places of [sorted.places, undefined]) {
            const grads = () => ops.grad((here: typeof at) => tf.sum(tf.mul(run(here, places), dy)))(at);
            poison([n * k, inner], shape.kernels, shape.bias, [n, inner]);
            const own = grads();
            await expectClose(own.x, wanted.dx, {atol: 3e-5});
            await expectClose(own.kernels, wanted.dKernels, {atol: 3e-5});
            await expectClose(own.bias, wanted.dBias, {atol: 3e-5});
            const again = grads();
            for (const name of ["x", "kernels", "bias"] as const)
              expect(await valuesOf(again[name])).toEqual(await valuesOf(own[name]));
          }
        }
      })()
    );

    test("rows that x lacks and rows of no group give zeros, also beside what is no number", () =>
      withoutLeak(async () => {
        const x = tf.tensor2d([NaN, NaN, 1, 2], [2, 2]);
        const kernels = tf.tensor3d([1, 0, 0, 1, 2, 0, 0, 2], [2, 2, 2]);
        const bias = tf.tensor2d([10, 20, 30, 40], [2, 2]);
        const offsets = ints([0, 2, 3], [3]);
        const rows = ints([1, -1, 1, 0, 0], [5]);
        const y = groupedMatmul({x, kernels, bias, offsets, rows});
        expect(await valuesOf(y)).toEqual([11, 22, 0, 0, 32, 44, 0, 0, 0, 0]);
        const loss = (at: {kernels: Tensor; bias: Tensor}) =>
          tf.sum(groupedMatmul({x, ...at, offsets, rows}));
        const grads = ops.grad(loss)({kernels, bias});
        expect(await valuesOf(grads.kernels)).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
        expect(await valuesOf(grads.bias)).toEqual([1, 1, 1, 1]);
        const back = ops.grad((at: Tensor) => tf.sum(groupedMatmul({x: at, kernels, offsets, rows})))(x);
        expect(await valuesOf(back)).toEqual([0, 0, 3, 3]);
      })());

    test.each([
      {name: "gathered, with places", isGathered: true, hasPlaces: true},
      {name: "gathered", isGathered: true, hasPlaces: false},
      {name: "rows in order", isGathered: false, hasPlaces: false}
    ])("gradients of experts in both orders, by differences: $name", ({isGathered, hasPlaces}) =>
      withoutLeak(async () => {
        const [n, k, experts] = [5, 2, 4];
        const sorted = sortByExpert(ints([0, 2, 2, 0, -1, 2, 0, 3, 2, 3], [n, k]), experts);
        const at = {
          x: tf.tensor(randomNumbers(1, isGathered ? 3 * n : 3 * n * k), [isGathered ? n : n * k, 3]),
          kernels: tf.tensor(randomNumbers(2, experts * 12), [experts, 3, 4]),
          bias: tf.tensor(randomNumbers(3, experts * 4), [experts, 4]),
          weights: tf.tensor(randomNumbers(4, n * k), [n, k])
        };
        const rows = isGathered ? {rows: sorted.rows, ...(hasPlaces && {places: sorted.places})} : {};
        const layer = (here: typeof at) => {
          const {x, kernels, bias} = here;
          const y = groupedMatmul({x, kernels, bias, offsets: sorted.offsets, ...rows, activation: "tanh"});
          return combineRows(y, here.weights, sorted.places, hasPlaces ? sorted.order : undefined);
        };
        await expectTrueGradients(layer as never, at as never, {together: true});
      })()
    );

    test.each(SPREADS)("rows combined by token: $name", (spread) =>
      withoutLeak(async () => {
        const {n, k, experts, of} = spread;
        const sorted = sortByExpert(ints(choicesOf(n, k, of), [n, k]), experts);
        const places = await valuesOf(sorted.places);
        for (const d of [3, 8, 100]) {
          const [y, weights] = [randomNumbers(1, n * k * d), randomNumbers(2, n * k)];
          const dy = randomNumbers(3, n * d);
          const wanted = combined(y, weights, places, dy, {n, k, d});
          const at = {y: tf.tensor2d(y, [n * k, d]), weights: tf.tensor2d(weights, [n, k])};
          const upstream = tf.tensor2d(dy, [n, d]);
          poison([n, d], [n * k, d], [n, k]);
          await expectClose(combineRows(at.y, at.weights, sorted.places), wanted.out);
          for (const order of [sorted.order, undefined]) {
            const loss = (here: typeof at) =>
              tf.sum(tf.mul(combineRows(here.y, here.weights, sorted.places, order), upstream));
            poison([n * k, d], [n, k]);
            const grads = ops.grad(loss)(at);
            await expectClose(grads.y, wanted.dRows);
            await expectClose(grads.weights, wanted.dWeights);
            expect(await valuesOf(ops.grad(loss)(at).weights)).toEqual(await valuesOf(grads.weights));
          }
        }
      })()
    );

    test("what is no number reaches its own tokens and experts, and no others", () =>
      withoutLeak(async () => {
        const sorted = sortByExpert(ints([0, 1, 0, 1], [4, 1]), 2);
        const x = tf.tensor2d([1, NaN, 2, 3], [4, 1]);
        const kernels = tf.tensor3d([1, 1], [2, 1, 1]);
        const {offsets, rows, places, order} = sorted;
        const weights = tf.ones([4, 1]);
        const loss = (at: {x: Tensor; kernels: Tensor}) =>
          combineRows(groupedMatmul({...at, offsets, rows, places}), weights, places, order);
        expect(await valuesOf(loss({x, kernels}))).toEqual([1, NaN, 2, 3]);
        const grads = ops.grad((at: {x: Tensor; kernels: Tensor}) => tf.sum(loss(at)))({x, kernels});
        expect(await valuesOf(grads.kernels)).toEqual([3, NaN]);
        expect(await valuesOf(grads.x)).toEqual([1, 1, 1, 1]);
      })());

    test("no tokens are no rows, and gradients of experts are zeros", () =>
      withoutLeak(async () => {
        const kernels = tf.ones([2, 3, 4]);
        const {offsets, rows, places, order} = sortByExpert(tf.zeros([0, 2], "int32"), 2);
        const run = (at: Tensor) =>
          combineRows(
            groupedMatmul({x: tf.zeros([0, 3]), kernels: at, offsets, rows, places}),
            tf.zeros([0, 2]),
            places,
            order
          );
        expect(run(kernels).shape).toEqual([0, 4]);
        expect(routeTopK(tf.zeros([0, 3]), {k: 2, weights: "softmax"}).indices.shape).toEqual([0, 2]);
        const grad = ops.grad((at: Tensor) => tf.sum(run(at)))(kernels);
        expect(new Set(await valuesOf(grad))).toEqual(new Set([0]));
      })());

    test("wrong calls say what to pass", () =>
      withoutLeak(async () => {
        const logits = tf.zeros([2, 3]);
        const route = (given: object) => () =>
          routeTopK(logits, {k: 1, weights: "softmax", ...given} as never);
        expect(route({k: 4})).toThrow(KernelError);
        expect(route({k: 4})).toThrow("k must be a whole number from 1 to 3, got 4.");
        expect(route({weights: "hardmax"})).toThrow("weights must be one of softmax, renormalised");
        expect(route({bias: tf.zeros([2])})).toThrow("The bias must be [3], one an expert, got [2].");
        expect(() => sortByExpert(tf.zeros([2, 1]), 2)).toThrow(
          "The indices must be int32 with 2 dimensions"
        );
        const offsets = ints([0, 1, 2], [3]);
        const x = tf.zeros([2, 3]);
        const product = (given: object) => () =>
          groupedMatmul({x, kernels: tf.zeros([2, 3, 4]), offsets, ...given} as never);
        expect(product({kernels: tf.zeros([2, 5, 4])})).toThrow("x must be [rows, 5]");
        expect(product({kernels: tf.zeros([3, 3, 4])})).toThrow(
          "There must be 4 offsets for 3 kernels, got 3."
        );
        expect(product({bias: tf.zeros([2, 3])})).toThrow("The bias must be [2, 4]");
        expect(product({rows: ints([0], [1]), places: ints([0], [1, 1])})).toThrow("the 2 rows of x");
        expect(() => combineRows(x, tf.zeros([2, 2]), ints([0, 1], [2, 1]))).toThrow(
          "The weights must be [2, 1]"
        );
      })());
  });
}
