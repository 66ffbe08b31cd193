import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Basis} from "../../src/ops/kan/bases/basis.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {afKanLayer, bspline, chebyshev, fitSelectable, fourier, kan, kanAutoencoder, kanConv2d, kanLayer} =
  ops.kan;
const {kolmogorovArnoldAttention, rbf, reluBumps, selectableKan, selectionOf, wavelet} = ops.kan;

const rowsOf = async (x: Tensor) => (await x.array()) as number[][];
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const silu = (x: number) => x / (1 + Math.exp(-x));

const UNLABELLED = {labels: new Int32Array(0), classes: 0};

/** A basis's functions at one number against formulas of its own. */
const FORMULAS: [string, () => Basis, (x: number) => number[]][] = [
  [
    "cosines and sines",
    () => fourier({frequencies: 2}),
    (x) => [Math.cos(x), Math.cos(2 * x), Math.sin(x), Math.sin(2 * x)]
  ],
  [
    "ReLU bumps",
    () => reluBumps({grid: 2, order: 1}),
    // Ends -0.5..0.5, 0..1, 0.5..1.5: each is 1 in its middle.
    (x) =>
      [0, 0.5, 1].map((middle) => (4 * Math.max(0, x - middle + 0.5) * Math.max(0, middle + 0.5 - x)) ** 2)
  ],
  [
    "Mexican hats",
    () => wavelet({levels: 2}),
    (x) =>
      [
        [0, 1],
        [-0.5, 0.5],
        [0.5, 0.5]
      ].map(([centre = 0, width = 1]) => {
        const t = (x - centre) / width;
        return 0.8673250705840776 * (1 - t * t) * Math.exp((-t * t) / 2);
      })
  ],
  [
    "Gaussian bumps",
    () => rbf({size: 3, range: [-1, 1]}),
    (x) => [-1, 0, 1].map((c) => Math.exp(-((x - c) ** 2)))
  ],
  ["Chebyshev polynomials", () => chebyshev({degree: 3}), (x) => [1, x, 2 * x * x - 1, 4 * x ** 3 - 3 * x]],
  [
    "straight B-splines",
    () => bspline({grid: 2, order: 1, form: "matrix"}),
    (x) => [-1, 0, 1].map((knot) => Math.max(0, 1 - Math.abs(x - knot)))
  ]
];

/** KAN layers of other papers, against calculations of their own. */
export function kanVariantsCases(backend: BackendName): void {
  describe(`KAN variants on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(FORMULAS)("%s are what their formulas say", (_name, make, formula) =>
      withoutLeak(async () => {
        const basis = make();
        const x = [-0.9, -0.3, 0.1, 0.45, 0.8];
        const own = {params: basis.init?.(ops.key(0), 1)};
        const values = basis.features(tf.tensor(x, [x.length, 1]), own);
        expect(values.shape).toEqual([x.length, 1, basis.size]);
        await expectClose(values, x.flatMap(formula), {atol: 2e-4});
      })()
    );

    test(
      "one number alone is not normalised away",
      withoutLeak(async () => {
        for (const model of [ops.kan.fastKan([1, 1]), ops.kan.chebyKan([1, 1, 1])]) {
          const params = model.init(ops.key(3));
          const [a, b] = Array.from(await model.apply(params, tf.tensor([0.2, 0.9], [2, 1])).data());
          expect(a).not.toBeCloseTo(b as number, 4);
        }
        const layer = kanLayer({units: 1, basis: rbf({size: 3, range: [-1, 1]}), base: "zero"});
        const params = {coefficients: tf.tensor([1, 2, 3], [1, 3, 1])};
        const wanted = [-1, 0, 1].map((c, i) => (i + 1) * Math.exp(-((0.4 - c) ** 2)));
        await expectClose(layer.apply(params, tf.tensor([0.4], [1, 1])), [sum(wanted)]);
      })
    );

    test("say what is wrong with their options", () => {
      expect(() => kanLayer({units: 2, grid: 5} as never)).toThrow(
        "grid is an option of B-splines: {basis: bspline({grid: ...})}"
      );
      expect(() => kan([2, 1], {order: 2} as never)).toThrow("order is an option of B-splines");
      expect(() => kanLayer({units: 2, bias: true} as never)).toThrow("kanLayer has no option bias");
      expect(() => kanLayer({units: 2, basis: "rbf" as never})).toThrow(
        "such as bspline() or rbf(), got rbf"
      );
      expect(() => kanLayer({units: 2, squash: "sigmoid" as never})).toThrow(
        "squash must be one of none, tanh, layerNorm, got sigmoid"
      );
      expect(() => kan([[1, 1], 2])).toThrow("cannot multiply, got 1");
      expect(() => kan([2, null as never])).toThrow("or [those that add, those that multiply]; got null");
      expect(() => kan(undefined as never)).toThrow("kan needs the sizes of inputs and outputs");
    });

    test(
      "a convolution takes every window through a KAN layer",
      withoutLeak(async () => {
        const basis = bspline({grid: 4, order: 2});
        const convolution = kanConv2d({filters: 2, kernelSize: 2, padding: "valid", basis});
        const params = convolution.init(ops.key(1), [3, 3, 2]);
        const x = ops.random.uniform(ops.key(2), [1, 3, 3, 2], -1, 1);
        const windows = [0, 1].flatMap((row) =>
          [0, 1].map((column) => tf.reshape(tf.slice(x, [0, row, column, 0], [1, 2, 2, 2]), [1, 8]))
        );
        const layer = kanLayer({units: 2, basis, useScale: false});
        const own = {
          coefficients: tf.reshape(params.coefficients, [8, basis.size, 2]),
          baseScale: tf.reshape(params.baseScale as Tensor, [8, 2])
        };
        const wanted = layer.apply(own, tf.concat(windows, 0));
        await expectClose(convolution.apply(params, x), Array.from(await wanted.data()));
      })
    );

    test(
      "AF-KAN's layer is the paper's, with the extremes of an example",
      withoutLeak(async () => {
        const layer = afKanLayer({units: 1, grid: 2, order: 1});
        const params = layer.init(ops.key(3), [2]);
        const x = [0.2, 0.9];
        const [low, high] = (await rowsOf(tf.stack([params.low, params.high]))) as [number[], number[]];
        expect([low, high]).toEqual([
          [-0.5, 0, 0.5],
          [0.5, 1, 1.5]
        ]);
        const raw = x.map((at) =>
          [0, 1, 2].map((f) => (silu(at - (low[f] as number)) * silu((high[f] as number) - at)) ** 2)
        );
        const [least, greatest] = [Math.min(...raw.flat()), Math.max(...raw.flat())];
        const scaled = raw.map((each) => each.map((value) => (value - least) / (greatest - least)));
        const weights = Array.from(await params.scores.weights.data());
        const scores = scaled.map(
          (each) => sum(each.map((value, f) => value * (weights[f] as number))) / Math.SQRT2
        );
        const shares = scores.map((score) => Math.exp(score) / sum(scores.map(Math.exp)));
        const collapsed = scaled.map((each, i) => sum(each) * (shares[i] as number));
        const mean = sum(collapsed) / 2;
        const deviation = Math.sqrt(sum(collapsed.map((value) => (value - mean) ** 2)) / 2 + 1e-5);
        const kernel = Array.from(await params.kernel.data());
        const y = sum(collapsed.map((value, i) => silu((value - mean) / deviation) * (kernel[i] as number)));
        await expectClose(layer.apply(params, tf.tensor(x, [1, 2])), [y]);
        // Neighbours in the batch change nothing.
        const both = layer.apply(params, tf.tensor([...x, 5, -3], [2, 2]));
        await expectClose(tf.slice(both, [0, 0], [1, 1]), [y]);
      })
    );

    test(
      "attention multiplies values with functions of its scores",
      withoutLeak(async () => {
        const layer = kolmogorovArnoldAttention({heads: 2, rank: 2, basis: fourier({frequencies: 1})});
        const params = layer.init(ops.key(4), [3, 4]);
        const x = ops.random.normal(ops.key(5), [1, 3, 4]);
        const rows = await rowsOf(tf.reshape(x, [3, 4]));
        const times = (a: number[][], b: number[][]) =>
          a.map((row) =>
            (b[0] as number[]).map((_, j) => sum(row.map((value, i) => value * (b[i]?.[j] as number))))
          );
        const kernels = (["query", "key", "value", "out"] as const).map((name) =>
          rowsOf(params[name].kernel)
        );
        const [query, key, value, out] = (await Promise.all(kernels)) as [
          number[][],
          number[][],
          number[][],
          number[][]
        ];
        const coefficients = (await params.coefficients.array()) as number[][][];
        const widen = (await params.widen.array()) as number[][][];
        const seen = [0, 1].map((head) => {
          const part = (all: number[][]) => times(rows, all).map((row) => row.slice(2 * head, 2 * head + 2));
          const [q, k, v] = [part(query), part(key), part(value)];
          const scores = q.map((a) =>
            k.map((b) => sum(a.map((each, i) => each * (b[i] as number))) / Math.SQRT2)
          );
          const functions = scores.map((row) => row.flatMap((score) => [Math.cos(score), Math.sin(score)]));
          return times(
            times(times(functions, coefficients[head] as number[][]), widen[head] as number[][]),
            v
          );
        });
        const joined = (seen[0] as number[][]).map((row, i) => [
          ...row,
          ...((seen[1] as number[][])[i] as number[])
        ]);
        await expectClose(layer.apply(params, x), times(joined, out).flat(), {atol: 1e-4});
        expect(layer.weights(params, x).shape).toEqual([1, 2, 3, 3]);
        expect(() => layer.apply(params, tf.ones([1, 5, 4]))).toThrow("[batch, 3, 4]");
      })
    );

    test(
      "an autoencoder learns to give back what it is given, through its code",
      withoutLeak(async () => {
        const model = kanAutoencoder({sizes: [1], basis: bspline({grid: 5})});
        // Points on a curve: one number tells them.
        const at = ops.key(1).uniform(64, -1, 1);
        const inputs = Float32Array.from(
          {length: 128},
          (_, i) => (i % 2 === 0 ? at[i >> 1] : (at[i >> 1] as number) ** 2) as number
        );
        const data = {
          name: "parabola",
          inputs,
          inputShape: [1, 2],
          targets: inputs,
          targetShape: [1, 2],
          ...UNLABELLED
        };
        const training = ops.fit(model, data, {
          steps: 150,
          optimizer: ops.adam({learningRate: 0.03}),
          logEvery: 149
        });
        const losses: number[] = [];
        for await (const {loss} of training) losses.push(loss);
        expect(losses.at(-1)).toBeLessThan(0.2 * (losses[0] as number));
        const codes = model.encode(training.params, tf.tensor(inputs, [64, 1, 2]));
        expect(codes.shape).toEqual([64, 1]);
        codes.dispose();
        training.dispose();
      })
    );

    test(
      "units choose among bases in three phases, and end with one each",
      withoutLeak(async () => {
        const pool = [chebyshev({degree: 2}), fourier({frequencies: 4})];
        const model = selectableKan([1, 1], {pool});
        const inputs = ops.key(1).uniform(96, -3, 3);
        const targets = inputs.map((x) => Math.sin(4 * x));
        const data = {name: "wave", inputs, inputShape: [1], targets, targetShape: [1], ...UNLABELLED};
        const optimizer = ops.adam({learningRate: 0.05});
        const training = fitSelectable(model, data, {steps: 200, batchSize: 96, optimizer, logEvery: 40});
        expect(() => training.params).toThrow("iterate its rows first");
        const seen: [string, number][] = [];
        for await (const {phase, step, loss} of training) {
          seen.push([phase, step]);
          expect(Number.isFinite(loss)).toBe(true);
        }
        expect([...new Set(seen.map(([phase]) => phase))]).toEqual(["all", "sharpen", "winners"]);
        expect(seen.at(-1)).toEqual(["winners", 200]);
        const shares = await selectionOf(model, training.params, training.modelState);
        expect(shares.map(({basis, share}) => [basis, share])).toEqual([
          ["chebyshev", 0],
          ["fourier", 1]
        ]);
        // What it lost plays no part any more.
        const {params, modelState} = training;
        const changed = ops.tree.map(
          (leaf: Tensor, path) => (path === "selectableKan1/coefficients/0" ? tf.add(leaf, 5) : leaf),
          params
        ) as Record<string, Params>;
        const x = tf.tensor([0.1, 0.7], [2, 1]);
        const y = model.apply(params as Record<string, Params>, x, {state: modelState});
        await expectClose(model.apply(changed, x, {state: modelState}), Array.from(await y.data()));
        y.dispose();
        training.dispose();
      })
    );

    test(
      "wrong calls say what to pass",
      withoutLeak(async () => {
        expect(() => bspline({grid: 0})).toThrow(
          "grid (the intervals of a spline, one less than its points)"
        );
        expect(() => bspline({order: -1})).toThrow("order must be a whole number of at least 0, got -1");
        expect(() => bspline({range: [1, 1]})).toThrow("the lower one first");
        expect(() => bspline({form: "matrix", adaptive: true})).toThrow('{form: "recursive"}');
        expect(() => wavelet({kind: "haar" as "dog"})).toThrow("Use one of mexicanHat, morlet, dog");
        expect(() => kan([3])).toThrow("e.g. [2, 5, 1]; got [3]");
        expect(() => kan([2, [0, 0], 1])).toThrow("[those that add, those that multiply]");
        expect(() => kan([2, 1]).init(ops.key(0), [3])).toThrow("make 3 its first size");
        expect(() =>
          kanLayer({units: 2}).apply(kanLayer({units: 2}).init(ops.key(0), [3]), tf.ones([1, 4]))
        ).toThrow("kan: expected an input of shape [batch, 3], got [1, 4]");
        expect(() => afKanLayer({units: 1, combination: "quad9" as "sum"})).toThrow("Use one of quad1");
        expect(() => selectableKan([1, 1], {pool: [rbf()]})).toThrow("two bases at least");
        const adaptive = kanLayer({units: 1, basis: bspline({adaptive: true})}) as Layer;
        expect(() => adaptive.apply(adaptive.init(ops.key(0), [1]), tf.ones([1, 1]))).toThrow(
          "use fit, or pass"
        );
      })
    );
  });
}
