import {beforeAll, describe, expect, test} from "vitest";
import type {SplineWay} from "../../src/gpu/kernels/spline-choice.ts";
import {type SplineLayer, splineDenseBy} from "../../src/gpu/kernels/spline-dense.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import type {TrainState} from "../../src/ops/core/index.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

type Grid = {low: number; high: number; intervals: number};

/** A layer in double precision, as lists. */
interface Task {
  x: number[][];
  dy: number[][];
  /** By input: its knots, outermost ones too. */
  knots: number[][];
  /** By input, base, output. */
  coefficients: number[][][];
  /** By input, output. */
  baseWeights: number[][] | undefined;
  base: "silu" | "identity";
  order: number;
}

/** One B-spline and its derivative by their definition, from bases of the order below, without tables. */
function bspline(knots: number[], b: number, order: number, x: number): number {
  const t = (i: number) => knots[i] as number;
  if (order === 0) return x >= t(b) && x < t(b + 1) ? 1 : 0;
  const part = (numerator: number, denominator: number, lower: number) =>
    denominator > 0 ? (numerator / denominator) * bspline(knots, lower, order - 1, x) : 0;
  return (
    part(x - t(b), t(b + order) - t(b), b) + part(t(b + order + 1) - x, t(b + order + 1) - t(b + 1), b + 1)
  );
}

function bsplineSlope(knots: number[], b: number, order: number, x: number): number {
  const t = (i: number) => knots[i] as number;
  const part = (denominator: number, lower: number) =>
    denominator > 0 ? (order / denominator) * bspline(knots, lower, order - 1, x) : 0;
  return part(t(b + order) - t(b), b) - part(t(b + order + 1) - t(b + 1), b + 1);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const BASES = {
  silu: (x: number) => x * sigmoid(x),
  identity: (x: number) => x
};
const BASE_SLOPES = {
  silu: (x: number) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  identity: () => 1
};

function oracle({x, dy, knots, coefficients, baseWeights, base, order}: Task) {
  const outputs = coefficients[0]?.[0]?.length ?? 0;
  const y = x.map(() => Array<number>(outputs).fill(0));
  const dx = x.map((row) => row.map(() => 0));
  const dCoefficients = coefficients.map((ofInput) => ofInput.map((row) => row.map(() => 0)));
  const dBase = coefficients.map(() => Array<number>(outputs).fill(0));
  const add = (to: number[][], i: number, j: number, value: number) => {
    const row = to[i] as number[];
    row[j] = (row[j] as number) + value;
  };
  x.forEach((row, r) => {
    row.forEach((value, i) => {
      const own = coefficients[i] as number[][];
      const grid = knots[i] as number[];
      for (let b = 0; b < own.length; ++b) {
        const weight = bspline(grid, b, order, value);
        const slope = bsplineSlope(grid, b, order, value);
        if (weight === 0 && slope === 0) continue;
        for (let o = 0; o < outputs; ++o) {
          const [c, g] = [own[b]?.[o] as number, dy[r]?.[o] as number];
          add(y, r, o, weight * c);
          add(dx, r, i, slope * c * g);
          add(dCoefficients[i] as number[][], b, o, weight * g);
        }
      }
      if (!baseWeights) return;
      for (let o = 0; o < outputs; ++o) {
        const [w, g] = [baseWeights[i]?.[o] as number, dy[r]?.[o] as number];
        add(y, r, o, BASES[base](value) * w);
        add(dx, r, i, BASE_SLOPES[base](value) * w * g);
        add(dBase, i, o, BASES[base](value) * g);
      }
    });
  });
  return {y: y.flat(), dx: dx.flat(), dCoefficients: dCoefficients.flat(2), dBase: dBase.flat()};
}

/** Numbers that follow from a seed, in float32. */
function numbers(seed: number) {
  let state = seed;
  return (low: number, high: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(low + ((high - low) * state) / 2 ** 32);
  };
}

const list = <T>(count: number, of: (i: number) => T) => Array.from({length: count}, (_, i) => of(i));

const uniformKnots = ({low, high, intervals}: Grid, order: number) =>
  list(intervals + 2 * order + 1, (i) => low + ((i - order) * (high - low)) / intervals);

interface Sizes {
  rows: number;
  inputs: number;
  outputs: number;
  order: number;
  grid: Grid;
  adaptive?: boolean;
  base?: "silu" | "identity" | undefined;
}

/** Numbers reach beyond the grid. Adaptive knots have distances of all sizes. */
function taskOf({rows, inputs, outputs, order, grid, adaptive, base = "silu"}: Sizes, hasBase = true): Task {
  const next = numbers(rows + 31 * inputs + 7 * order);
  const {low, high, intervals} = grid;
  const reach = (0.9 * order * (high - low)) / intervals;
  return {
    x: list(rows, () => list(inputs, () => next(low - reach, high + reach))),
    dy: list(rows, () => list(outputs, () => next(-1, 1))),
    knots: list(inputs, () =>
      adaptive
        ? list(intervals + 2 * order + 1, () => next(low - reach, high + reach)).sort((a, b) => a - b)
        : uniformKnots(grid, order)
    ),
    coefficients: list(inputs, () => list(intervals + order, () => list(outputs, () => next(-1, 1)))),
    baseWeights: hasBase ? list(inputs, () => list(outputs, () => next(-1, 1))) : undefined,
    base,
    order
  };
}

const tensor = (values: unknown, shape: number[]): Tensor =>
  tf.tensor((values as number[]).flat(3) as number[], shape);

type Point = {x: Tensor; coefficients: Tensor; baseWeights?: Tensor};

/** The parts of a layer that have gradients, and the rest of it. */
function layerOf(task: Task, {rows, inputs, outputs, order, grid, adaptive}: Sizes) {
  const bases = grid.intervals + order;
  const at: Point = {
    x: tensor(task.x, [rows, inputs]),
    coefficients: tensor(task.coefficients, [inputs, bases, outputs]),
    ...(task.baseWeights && {baseWeights: tensor(task.baseWeights, [inputs, outputs])})
  };
  const rest: Pick<SplineLayer, "order" | "grid" | "base"> = {
    order,
    base: task.base,
    grid: adaptive ? tensor(task.knots, [inputs, bases + order + 1]) : grid
  };
  return {at, rest, dy: tensor(task.dy, [rows, outputs])};
}

type Layer = (layer: SplineLayer) => Tensor;

async function expectOracleOf(
  splineDense: Layer,
  task: Task,
  sizes: Sizes,
  tolerance = {atol: 1e-4, rtol: 1e-4}
): Promise<void> {
  const wanted = oracle(task);
  const {at, rest, dy} = layerOf(task, sizes);
  poison(dy.shape, at.x.shape, at.coefficients.shape, [sizes.inputs, sizes.outputs]);
  await expectClose(splineDense({...at, ...rest}), wanted.y, tolerance);
  poison(dy.shape, at.x.shape, at.coefficients.shape, [sizes.inputs, sizes.outputs]);
  const grads = ops.grad((here: Point) => tf.sum(tf.mul(splineDense({...here, ...rest}), dy)))(at);
  await expectClose(grads.x, wanted.dx, {...tolerance, atol: 10 * tolerance.atol});
  await expectClose(grads.coefficients, wanted.dCoefficients, tolerance);
  if (grads.baseWeights) await expectClose(grads.baseWeights, wanted.dBase, tolerance);
}

const UNIT: Grid = {low: -1, high: 1, intervals: 4};

/** Layers of splines against their definition in double precision. */
export function splineDenseCases(backend: BackendName, way: SplineWay): void {
  const splineDense: Layer = (layer) => splineDenseBy(way, layer);
  const expectOracle = (task: Task, sizes: Sizes, tolerance?: {atol: number; rtol: number}) =>
    expectOracleOf(splineDense, task, sizes, tolerance);
  describe(`layers of splines on ${backend}, ${way}`, () => {
    beforeAll(() => use(backend));

    const orders = list(10, (i) => i + 1);
    // Each has shaders of its own, which take a software adapter a second to compile: there, orders take turns.
    const knotsOf = (order: number) => (backend === "webgpu" ? [order % 2 === 0] : [false, true]);
    test.each(orders.flatMap((order) => knotsOf(order).map((adaptive) => ({order, adaptive}))))(
      "order $order, adaptive knots: $adaptive",
      ({order, adaptive}) =>
        withoutLeak(async () => {
          const sizes = {rows: 9, inputs: 3, outputs: 5, order, grid: UNIT, adaptive};
          await expectOracle(taskOf(sizes), sizes);
        })()
    );

    const sizes: Sizes[] = [
      {rows: 1, inputs: 1, outputs: 1, order: 3, grid: {low: 0, high: 3, intervals: 1}},
      {rows: 67, inputs: 33, outputs: 70, order: 3, grid: {low: -2, high: 1, intervals: 7}},
      {rows: 130, inputs: 2, outputs: 17, order: 2, grid: {low: -1, high: 1, intervals: 131}},
      {rows: 1100, inputs: 2, outputs: 3, order: 3, grid: UNIT, adaptive: true},
      {rows: 21, inputs: 6, outputs: 72, order: 3, grid: {low: -1, high: 1, intervals: 5}},
      {rows: 600, inputs: 2, outputs: 8, order: 5, grid: UNIT, adaptive: true},
      {rows: 5, inputs: 40, outputs: 131, order: 4, grid: UNIT, base: "identity"}
    ];
    test.each(sizes)("$rows rows, $inputs inputs, $outputs outputs, order $order", (each) =>
      withoutLeak(() => expectOracle(taskOf(each), each, {atol: 5e-4, rtol: 5e-4}))()
    );

    test(
      "without a base",
      withoutLeak(async () => {
        const each = {rows: 6, inputs: 4, outputs: 3, order: 3, grid: UNIT};
        await expectOracle(taskOf(each, false), each);
        await expectOracle(taskOf({...each, adaptive: true}, false), {...each, adaptive: true});
      })
    );

    test.each([false, true])("on knots, at the ends and far outside, adaptive: %s", (adaptive) =>
      withoutLeak(async () => {
        const each = {rows: 14, inputs: 1, outputs: 2, order: 2, grid: UNIT, adaptive};
        const places = [-2, -1.75, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 50, -50, 1e30];
        const knots = [uniformKnots(UNIT, 2)];
        const task = {...taskOf(each, false), x: places.map((x) => [x]), knots};
        await expectOracle(task, each);
      })()
    );

    test(
      "knots that are equal leave the others' bases as they are",
      withoutLeak(async () => {
        const each = {rows: 6, inputs: 2, outputs: 2, order: 3, grid: UNIT, adaptive: true};
        const knots = [
          [-1, -1, -1, -1, -0.5, -0.5, 0.5, 1, 1, 1, 1],
          [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
        ];
        const x = [-1, -0.75, -0.5, 0.25, 0.5, 0.999].map((value) => [Math.fround(value), 0.5]);
        await expectOracle({...taskOf(each), knots, x}, each);
      })
    );

    test.each([false, true])("what is no number spoils its own row alone, adaptive: %s", (adaptive) =>
      withoutLeak(async () => {
        const each = {rows: 5, inputs: 2, outputs: 3, order: 3, grid: UNIT, adaptive};
        const task = taskOf(each);
        const {at, rest} = layerOf(task, each);
        const y = splineDense({
          ...at,
          ...rest,
          x: tf.tensor2d([0, 0, NaN, 0, 0, Infinity, 0, -Infinity, 0, 0], [5, 2])
        });
        const [first, missing, high, low, last] = (await y.array()) as number[][];
        expect(first).toEqual(last);
        expect(first?.every(Number.isFinite)).toBe(true);
        expect(missing).toEqual([NaN, NaN, NaN]);
        expect(high).toEqual((task.baseWeights?.[1] ?? []).map((w) => Math.sign(w) * Infinity));
        expect(low?.every(Number.isFinite)).toBe(true);
      })()
    );

    test(
      "run twice, the same bits; of no rows nothing, and gradients of zeros",
      withoutLeak(async () => {
        const run = (rows: number) => {
          const each = {rows, inputs: 20, outputs: 30, order: 3, grid: UNIT};
          const {at, rest} = layerOf(taskOf(each), each);
          return ops.grad((here: Point) => tf.sum(tf.square(splineDense({...here, ...rest}))))(at);
        };
        const [first, second] = [run(300), run(300)];
        for (const name of ["x", "coefficients", "baseWeights"] as const)
          expect(await second[name]?.data()).toEqual(await first[name]?.data());
        const none = run(0);
        expect(none.x.shape).toEqual([0, 20]);
        expect(Array.from(await none.coefficients.data()).every((value) => value === 0)).toBe(true);
      })
    );

    test("in a recorded step, the same bits", async () => {
      const each = {rows: 12, inputs: 3, outputs: 4, order: 3, grid: UNIT};
      const train = async (plan: boolean) => {
        const {at, rest, dy} = layerOf(taskOf(each), each);
        const {x, ...params} = at;
        const optimizer = ops.adam({learningRate: 0.05});
        const slope = ops.valueAndGrad((here: Omit<Point, "x">) =>
          tf.mean(tf.square(tf.sub(splineDense({...here, x, ...rest}), dy)))
        );
        const loop = ops.planned(
          (state) => {
            const [loss, grads] = slope(state.params as never);
            return {state: ops.applyGradients(state, grads as never, optimizer), outputs: {loss}};
          },
          tf.tidy(() => ops.initTrainState(params as never, optimizer) as never) as TrainState,
          {plan}
        );
        for (let step = 0; step < 6; ++step) {
          loop.step();
          loop.take("loss").dispose();
        }
        const values = await ops.tree.data(loop.state.params);
        const {status} = loop.report;
        loop.dispose();
        tf.dispose([x, dy]);
        return {values, status};
      };
      const [recorded, ordinary] = [await train(true), await train(false)];
      expect(recorded.values).toEqual(ordinary.values);
      if (backend === "webgpu") expect(recorded.status).toBe("recorded");
    });

    test.each([false, true])("gradients of gradients, adaptive: %s", (adaptive) =>
      withoutLeak(async () => {
        const each = {rows: 3, inputs: 2, outputs: 2, order: 4, grid: UNIT, adaptive};
        const {at, rest, dy} = layerOf(taskOf(each), each);
        const slope = ops.grad((x: Tensor) => tf.sum(tf.mul(splineDense({...at, x, ...rest}), dy)));
        const along = tf.tensor2d([1, -2, 0.5, 3, -1, 2], [3, 2]);
        const second = ops.grad((x: Tensor) => tf.sum(tf.mul(slope(x), along)))(at.x);
        const step = 1 / 256;
        const [above, below] = [1, -1].map((sign) => slope(tf.add(at.x, tf.mul(along, sign * step))));
        const wanted = tf.mul(tf.sub(above as Tensor, below as Tensor), 1 / (2 * step));
        // Rows of x do not meet: the derivative along `along` is what the second gradient is.
        await expectClose(second, Array.from(await wanted.data()), {atol: 0.05, rtol: 0.02});
      })()
    );

    test("shapes, orders and grids that do not fit are refused", () => {
      tf.tidy(() => {
        const layer = {x: tf.zeros([2, 3]), coefficients: tf.zeros([3, 7, 4]), order: 3, grid: UNIT};
        const refused = (change: Partial<SplineLayer>) =>
          expect(() => splineDense({...layer, ...change} as SplineLayer));
        refused({order: 0}).toThrow(/order of splines must be a whole number from 1 to 10, got 0/);
        refused({order: 11}).toThrow(/from 1 to 10/);
        refused({grid: {...UNIT, intervals: 0}}).toThrow(/intervals/);
        refused({grid: {...UNIT, intervals: 5}}).toThrow(/coefficients must be float32 \[3, 8, 4\]/);
        refused({grid: {low: 1, high: 1, intervals: 4}}).toThrow(
          /from a lower to a higher number, got 1 to 1/
        );
        refused({grid: tf.zeros([3, 10])}).toThrow(/knots must be float32 \[3, 11\]/);
        refused({baseWeights: tf.zeros([3, 5])}).toThrow(/baseWeights must be float32 \[3, 4\]/);
        refused({x: tf.zeros([2, 4])}).toThrow(/coefficients must be float32 \[4, 7, 4\]/);
        refused({coefficients: tf.zeros([3, 3, 4]), grid: tf.zeros([3, 7])}).toThrow(
          /at least 4 coefficients/
        );
      });
    });
  });
}
