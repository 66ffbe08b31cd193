import {beforeAll, describe, expect, test} from "vitest";
import {combineRows} from "../../src/gpu/kernels/combine-rows.ts";
import {groupedMatmul} from "../../src/gpu/kernels/grouped-matmul.ts";
import {GROUPED_TILES, gradTile, productTile} from "../../src/gpu/kernels/grouped-tiles.ts";
import {groupedGradKernel, groupedProductKernel} from "../../src/gpu/kernels/grouped-wgsl.ts";
import {routeTopK} from "../../src/gpu/kernels/route-top-k.ts";
import {sortByExpert} from "../../src/gpu/kernels/sort-by-expert.ts";
import {packedWgsl} from "../../src/gpu/plan/packed-shader.ts";
import {type WebGpuBackend, webGpuBackend} from "../../src/gpu/tfjs-webgpu.ts";
import {dispatch, type GpuKernel} from "../../src/gpu/webgpu-dispatch.ts";
import type * as core from "../../src/ops/core/index.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {spirals} from "../../src/ops/datasets/index.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {ACTIVATIONS, randomNumbers} from "../ops/float64.ts";
import {grouped} from "../ops/moe-float64.ts";
import {moeKernelCases} from "../ops/moe-kernel-cases.ts";
import {poison} from "../ops/poison.ts";
import {expectClose, use, withoutLeak} from "../ops/support.ts";
import {countDispatches} from "./support/dispatch-count.ts";

const {tf} = ops;

moeKernelCases("webgpu");

/** Runs a kernel as it would be by one tile. */
function runTile(kernel: GpuKernel, inputs: Record<string, Tensor>, shapes: number[][]): Tensor[] {
  const named = Object.entries(inputs).map(([name, info]) => ({name, info}));
  const outputs = shapes.map((shape) => ({shape, dtype: "float32"}) as const);
  return dispatch(webGpuBackend() as WebGpuBackend, "PetriGroupedTileTest", named, outputs, kernel).map(
    (info) => tf.engine().makeTensorFromTensorInfo(info)
  );
}

describe.each(Object.entries(GROUPED_TILES))("products of groups by the tile %s", (name, tile) => {
  beforeAll(() => use("webgpu"));

  // Groups that fill several tiles, one, none; and rows of no group. Sizes that fill no quad, and only quads.
  const [n, k, experts] = [150, 2, 5];
  const choices = Array.from(
    {length: n * k},
    (_, c) => [0, 0, 0, 0, 2, 3, -1, 3, 0, 2][(c * 7) % 10] as number
  );

  // Shaders take a software adapter seconds to compile: each tile has one of the two.
  const {inner, columns} =
    name === "small" || name === "staged" ? {inner: 13, columns: 70} : {inner: 40, columns: 68};

  test(`as by the definition, ${inner} x ${columns}`, () =>
    withoutLeak(async () => {
      const sorted = sortByExpert(tf.tensor(choices, [n, k], "int32"), experts);
      const order = Array.from(await sorted.order.data());
      const m = n * k;
      const [x, dy] = [randomNumbers(1, n * inner), randomNumbers(4, m * columns)];
      const [kernels, bias] = [
        randomNumbers(2, experts * inner * columns),
        randomNumbers(3, experts * columns)
      ];
      const given = {x, kernels, bias, choices, n, k, experts, inner, columns};
      const wanted = grouped(given, order, dy, ACTIVATIONS.tanh);
      const {offsets, rows} = sorted;
      const tensors = {
        a: tf.tensor2d(x, [n, inner]),
        b: tf.tensor3d(kernels, [experts, inner, columns]),
        bias: tf.tensor2d(bias, [experts, columns])
      };
      const sizes = {m, inner, columns, groups: experts};
      const forward = {isGathered: true, isTurned: false, hasBias: true, activation: "tanh"} as const;
      await poison([m, columns]);
      const [y] = runTile(groupedProductKernel(sizes, forward, tile), {...tensors, offsets, rows}, [
        [m, columns]
      ]);
      await expectClose(y as Tensor, wanted.y, {atol: 3e-5});
      // Back to the rows: each sorted row by itself, with every token's rows summed here.
      const values = {offsets, y: y as Tensor};
      const upstream = tf.tensor2d(dy, [m, columns]);
      const back = {
        isGathered: false,
        isTurned: true,
        hasBias: false,
        activation: "linear",
        slope: "tanh"
      } as const;
      const turned = {m, inner: columns, columns: inner, groups: experts};
      const [dRows] = runTile(
        groupedProductKernel(turned, back, tile),
        {a: upstream, b: tensors.b, ...values},
        [[m, inner]]
      );
      const dx = tf.zeros([n, inner]).add(combineRows(dRows as Tensor, tf.ones([n, k]), sorted.places));
      await expectClose(dx, wanted.dx, {atol: 3e-5});
      const layout = {isGathered: true, slope: "tanh", hasBias: true, hasGaps: name === "staged"} as const;
      await poison([experts, inner, columns], [experts, columns]);
      const run = () =>
        runTile(
          groupedGradKernel(sizes, layout, tile),
          {a: tensors.a, b: upstream, offsets, rows, y: y as Tensor},
          [
            [experts, inner, columns],
            [experts, columns]
          ]
        ) as [Tensor, Tensor];
      const [dKernels, dBias] = run();
      await expectClose(dKernels, wanted.dKernels, {atol: 3e-5});
      await expectClose(dBias, wanted.dBias, {atol: 3e-5});
      expect(await run()[0].data()).toEqual(await dKernels.data());
    })());

  test("can be packed: its code is known to the rewriter", () => {
    const sizes = {m: 8, inner: 4, columns: 8, groups: 2};
    const forward = {isGathered: true, isTurned: false, hasBias: true, activation: "relu"} as const;
    const grads = {isGathered: true, slope: "relu", hasBias: true, hasGaps: true} as const;
    for (const [kernel, names] of [
      [groupedProductKernel(sizes, forward, tile), ["a", "b", "bias", "offsets", "rows", "out0"]],
      [groupedGradKernel(sizes, grads, tile), ["a", "b", "offsets", "rows", "y", "out0", "out1"]]
    ] as const) {
      const bindings = names.map((name) => ({name, element: "f32", isWritten: name.startsWith("out")}));
      const fields = Object.keys(kernel.uniforms).map((name) => ({name, type: "u32"}) as const);
      expect(packedWgsl({key: "test", bindings, fields, code: kernel.code}, 2)).toBeDefined();
    }
  });
});

test("tiles follow from the sizes and the kind of adapter", () => {
  const sizes = {m: 8192, inner: 256, columns: 512, groups: 8};
  expect(productTile(sizes, false)).toBe(GROUPED_TILES.staged);
  expect(productTile({...sizes, groups: 64}, false)).toBe(GROUPED_TILES.low);
  expect(productTile({...sizes, m: 4, inner: 8, columns: 8}, false)).toBe(GROUPED_TILES.small);
  expect(productTile(sizes, true)).toBe(GROUPED_TILES.large);
  expect(gradTile(sizes, false)).toBe(GROUPED_TILES.staged);
  expect(gradTile(sizes, true)).toBe(GROUPED_TILES.large);
  expect(gradTile({...sizes, m: 4096, inner: 8, columns: 8, groups: 1}, false)).toBe(GROUPED_TILES.small);
});

/** Two layers of experts, made of the kernels alone. */
const experts: Layer<core.Params> = {
  name: "experts",
  init: (key) => ({
    router: ops.random.normal(key.fold(0), [2, 4]),
    in: ops.random.normal(key.fold(1), [4, 2, 16]),
    bias: tf.zeros([4, 16]),
    out: ops.random.normal(key.fold(2), [4, 16, 3], 0, 0.3)
  }),
  apply(params, x) {
    const at = params as Record<"router" | "in" | "bias" | "out", Tensor>;
    return tf.tidy(() => {
      const {indices, weights} = routeTopK(tf.matMul(x, at.router), {k: 2, weights: "renormalised"});
      const {order, rows, offsets, places} = sortByExpert(indices, 4);
      const shared = {offsets, activation: "relu"} as const;
      const hidden = groupedMatmul({x, kernels: at.in, bias: at.bias, rows, places, ...shared});
      return combineRows(groupedMatmul({x: hidden, kernels: at.out, offsets}), weights, places, order);
    });
  }
};

describe("in plans", () => {
  beforeAll(() => use("webgpu"));
  const data = spirals({n: 120});
  const optionsOf = (run: number): core.RunOptions => ({
    key: ops.key(run),
    optimizer: ops.adam({learningRate: 0.01 * (run + 1)}),
    batchSize: 24,
    steps: 12,
    logEvery: 5
  });

  async function trained(options: core.RunOptions & {plan?: boolean}) {
    const training = ops.fit(experts as Layer, data, options);
    const rows: core.FitRow[] = [];
    for await (const row of training) rows.push(row);
    const params = await ops.tree.data(training.params);
    const {plan} = training;
    training.dispose();
    return {rows, params, plan};
  }

  test("a step of a mixture is recorded, with the same bits as without a plan", async () => {
    const planned = await trained(optionsOf(0));
    expect(planned.plan?.status, planned.plan?.reason).toBe("recorded");
    const plain = await trained({...optionsOf(0), plan: false});
    expect(planned.rows).toEqual(plain.rows);
    expect(planned.params).toEqual(plain.params);
    expect(planned.rows.at(-1)?.loss).toBeLessThan(planned.rows[0]?.loss as number);
  });

  test("runs of mixtures that are packed have the bits that they have alone", async () => {
    const sweep = ops.fitAll(experts as Layer, data, [optionsOf(0), optionsOf(1)]);
    const rows: core.RunRow[] = [];
    for await (const row of sweep) rows.push(row);
    expect(sweep.plan?.status, sweep.plan?.reason).toBe("recorded");
    for (const run of [0, 1]) {
      const own = await trained(optionsOf(run));
      expect(rows.filter((row) => row.run === run).map(({run: _, ...row}) => row)).toEqual(own.rows);
      expect(await ops.tree.data(sweep.params(run))).toEqual(own.params);
    }
    sweep.dispose();
  });

  test("a layer is seven dispatches forward, and ten more back", async () => {
    const params = experts.init(ops.key(0), [2]);
    const x = ops.random.normal(ops.key(1), [40, 2]);
    const total = async (compute: () => void) => [
      ...(await countDispatches(() => tf.tidy(compute))).entries()
    ];
    const forward = await total(() => void experts.apply(params, x));
    expect(
      forward.reduce((sum, [, count]) => sum + count, 0),
      String(forward)
    ).toBe(7);
    const both = await total(() => void ops.grad((at: core.Params) => tf.sum(experts.apply(at, x)))(params));
    expect(
      both.reduce((sum, [, count]) => sum + count, 0),
      String(both)
    ).toBeLessThanOrEqual(17);
    ops.tree.dispose([params, x] as never);
  });
});
