import {beforeAll, expect, test} from "vitest";
import {groupedMatmul} from "../../src/gpu/kernels/grouped-matmul.ts";
import {sortByExpert} from "../../src/gpu/kernels/sort-by-expert.ts";
import {ops} from "../../src/ops/index.ts";
import {ACTIVATIONS, randomNumbers} from "./float64.ts";
import {grouped} from "./moe-float64.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

beforeAll(() => use("wasm"));

test("groups and matrices of several blocks", () =>
  withoutLeak(async () => {
    const [n, k, experts, inner, columns] = [300, 1, 3, 520, 530];
    const choices = Array.from({length: n}, (_, c) => (c % 30 === 7 ? -1 : c % 15 === 0 ? 2 : 0));
    const [x, dy] = [randomNumbers(1, n * inner), randomNumbers(2, n * columns)];
    const [kernels, bias] = [
      randomNumbers(3, experts * inner * columns),
      randomNumbers(4, experts * columns)
    ];
    const {offsets, rows, places, order} = sortByExpert(tf.tensor(choices, [n, k], "int32"), experts);
    const given = {x, kernels, bias, choices, n, k, experts, inner, columns};
    const wanted = grouped(given, Array.from(await order.data()), dy, ACTIVATIONS.relu);
    const at = {
      x: tf.tensor2d(x, [n, inner]),
      kernels: tf.tensor3d(kernels, [experts, inner, columns]),
      bias: tf.tensor2d(bias, [experts, columns])
    };
    const run = (here: typeof at) => groupedMatmul({...here, offsets, rows, places, activation: "relu"});
    poison([n, columns], [experts, inner, columns]);
    await expectClose(run(at), wanted.y, {atol: 1e-3});
    const upstream = tf.tensor2d(dy, [n, columns]);
    const grads = ops.grad((here: typeof at) => tf.sum(tf.mul(run(here), upstream)))(at);
    await expectClose(grads.x, wanted.dx, {atol: 1e-3});
    await expectClose(grads.kernels, wanted.dKernels, {atol: 1e-3});
    await expectClose(grads.bias, wanted.dBias, {atol: 1e-3});
    expect(new Set(await tf.slice(grads.kernels, [1, 0, 0], [1, inner, columns]).data())).toEqual(
      new Set([0])
    );
  })());
