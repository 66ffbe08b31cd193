import {expect, test} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {datasetsFromDisk} from "./digits-source.ts";
import {assemblingCases} from "./ff-assembling-cases.ts";
import {assembledDigits, digitsModules} from "./ff-assembling-support.ts";
import {NODE_BACKENDS, use, withoutLeak} from "./support.ts";

const {tf, tree, key, valueAndGrad, softmaxCrossEntropy} = ops;

for (const backend of NODE_BACKENDS) assemblingCases(backend);

test("digits: modules that never met tell classes together, and a short fine-tuning joins them", async () => {
  datasetsFromDisk();
  await use("wasm", {checked: false});
  await withoutLeak(async () => {
    const digits = {...(await ops.datasets.digits()), inputShape: [64]};
    const sets = ops.datasets.split(digits, {test: 0.2, seed: 0});
    const steps = {meta: 120, module: 60, fineTuning: 40};
    const {assembled, fineTuned, endToEnd, endToEndSteps} = await assembledDigits(sets, {steps});
    // Chance is a tenth.
    expect(assembled).toBeGreaterThan(0.25);
    expect(fineTuned).toBeGreaterThan(0.85);
    expect(endToEnd).toBeGreaterThan(0.85);
    expect(endToEndSteps).toBe(268);
  })();
}, 120000);

test("a step of one module takes less memory than a step of the whole network", async () => {
  await use("cpu");
  const {meta, incubation, whole} = digitsModules(64);
  const metaParams = meta.init(key(1), [64]);
  const x = ops.random.normal(key(2), [256, 64]);
  const y = tf.zeros([256], "int32");
  const peakOf = async (model: Layer) => {
    const params = model.init(key(3), [64]);
    const step = () =>
      valueAndGrad((at: Params) => softmaxCrossEntropy(model.apply(at, x), y))(params) as never;
    const {peakBytes} = await tf.profile(() => tf.tidy(step));
    tree.dispose(params);
    return peakBytes;
  };
  const all = await peakOf(whole as Layer);
  for (const index of [1, 2, 3, 4])
    expect(await peakOf(incubation(index, metaParams))).toBeLessThan(0.8 * all);
  tf.dispose([x, y]);
  tree.dispose(metaParams);
});
