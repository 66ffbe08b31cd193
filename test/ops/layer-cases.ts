import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {AttentionParams} from "../../src/ops/core/layers/attention.ts";
import type {BatchNormParams, BatchNormState} from "../../src/ops/core/layers/batch-norm.ts";
import type {Padding, Pair} from "../../src/ops/core/layers/window.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  kernel,
  numbers,
  spoilMemory,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {tf} = ops;

/** The output of a function of parameters and inputs, and the gradients of sum(y dy). */
function pullBack<P extends Params>(f: (at: P) => Tensor, at: P, dy: Tensor): {y: Tensor; grads: P} {
  return {y: f(at), grads: ops.grad((params: P) => tf.sum(tf.mul(f(params), dy)))(at)};
}

/** Layers against reference numbers. */
export function layerCases(backend: BackendName): void {
  describe(`layers on ${backend}`, () => {
    beforeAll(() => use(backend));
    convolutions();
    pools();
    norms();
    attentions();
    others();
  });
}

function convolutions(): void {
  const optionsOf = ({params}: Fixture) => ({
    kernelSize: params.kernel as Pair,
    strides: params.stride as Pair,
    dilation: params.dilation as Pair,
    padding: params.padding as Padding
  });

  test.each([
    ["conv2d-valid"],
    ["conv2d-valid-dilation2"],
    ["conv2d-same-stride2"],
    ["conv2d-same-even-kernel"],
    ["conv2d-same-dilation"],
    ["depthwise-conv2d-same-multiplier2"]
  ])("%s: forward and gradients", (name) =>
    withoutLeak(async () => {
      const found = fixture(`core/${name}`);
      const {params, inputs, outputs} = found;
      const kind = inputs.filter_hwim ? "filter_hwim" : "filter_hwio";
      const filter = tensor(inputs[kind]);
      const useBias = inputs.bias !== undefined;
      const layer = inputs.filter_hwim
        ? ops.depthwiseConv2d({...optionsOf(found), multiplier: params.channel_multiplier as number})
        : ops.conv2d({...optionsOf(found), filters: filter.shape[3] as number, useBias});
      const at = {
        x: tensor(inputs.x_nhwc),
        params: {kernel: filter, ...(useBias && {bias: tensor(inputs.bias)})}
      };
      const {y, grads} = pullBack((here) => layer.apply(here.params, here.x), at, tensor(inputs.dy_nhwc));
      await expectClose(y, outputs.y_nhwc);
      expect(y.shape.slice(1)).toEqual(layer.outputShape?.(at.x.shape.slice(1)));
      await expectClose(grads.x, outputs.grad_x_nhwc);
      await expectClose(grads.params.kernel, outputs[`grad_${kind}`], {atol: 3e-5});
      if (grads.params.bias) await expectClose(grads.params.bias, outputs.grad_bias, {atol: 3e-5});
    })()
  );

  test(
    "groups see their own channels alone",
    withoutLeak(async () => {
      const x = ops.random.normal(ops.key(1), [2, 5, 4, 6]);
      const layer = ops.conv2d({filters: 4, kernelSize: [3, 2], groups: 2, activation: "relu"});
      const {kernel: filters, bias} = layer.init(ops.key(2), [5, 4, 6]);
      expect(filters.shape).toEqual([3, 2, 3, 4]);
      const half = ops.conv2d({filters: 2, kernelSize: [3, 2], activation: "relu"});
      const parts = [0, 1].map((group) =>
        half.apply(
          {
            kernel: tf.slice(filters, [0, 0, 0, 2 * group], [3, 2, 3, 2]),
            bias: tf.slice(bias as Tensor, 2 * group, 2)
          },
          tf.slice(x, [0, 0, 0, 3 * group], [2, 5, 4, 3])
        )
      );
      await expectClose(
        layer.apply({kernel: filters, bias}, x),
        Array.from(await tf.concat(parts, 3).data())
      );
    })
  );

  test(
    "a kernel of one pixel is a dense layer at every pixel",
    withoutLeak(async () => {
      const x = ops.random.normal(ops.key(3), [2, 3, 4, 5]);
      const layer = ops.conv2d({filters: 6, kernelSize: 1, activation: "tanh"});
      const params = layer.init(ops.key(4), [3, 4, 5]);
      const matrix = {kernel: tf.reshape(params.kernel, [5, 6]), bias: params.bias as Tensor};
      const dense = ops.dense({units: 6, activation: "tanh"});
      const flat = dense.apply(matrix, tf.reshape(x, [24, 5]));
      await expectClose(layer.apply(params, x), Array.from(await flat.data()));
    })
  );
}

function pools(): void {
  test.each([
    ["max-pool2d-valid"],
    ["max-pool2d-same-overlap"],
    ["avg-pool2d-valid"],
    ["avg-pool2d-same-overlap"],
    ["avg-pool2d-same-window2"]
  ])("%s: forward and gradient", (name) =>
    withoutLeak(async () => {
      const {params, inputs, outputs} = fixture(`core/${name}`);
      const options = {
        windowSize: params.window as Pair,
        strides: params.stride as Pair,
        padding: params.padding as Padding
      };
      const layer: Layer = name.startsWith("max") ? ops.maxPool2d(options) : ops.avgPool2d(options);
      const {y, grads} = pullBack(
        (x: Tensor) => layer.apply({}, x),
        tensor(inputs.x_nhwc),
        tensor(inputs.dy_nhwc)
      );
      await expectClose(y, outputs.y_nhwc);
      expect(y.shape.slice(1)).toEqual(layer.outputShape?.(tensor(inputs.x_nhwc).shape.slice(1)));
      await expectClose(grads, outputs.grad_x_nhwc);
    })()
  );

  test(
    "of equal values the first gets the gradient of max pooling, and what is no number is not lost",
    withoutLeak(async () => {
      const layer = ops.maxPool2d();
      const x = tf.tensor4d([0, 0, 0, 0], [1, 2, 2, 1]);
      await expectClose(ops.grad((at: Tensor) => tf.sum(layer.apply({}, at)))(x), [1, 0, 0, 0]);
      expect(Array.from(await layer.apply({}, tf.tensor4d([1, NaN, 2, 0], [1, 2, 2, 1])).data())).toEqual([
        NaN
      ]);
    })
  );

  test(
    "max pooling of windows side by side: the largest of each, and every other pixel gets a zero",
    withoutLeak(async () => {
      const [height, width, channels] = [6, 8, 3];
      const layer = ops.maxPool2d({windowSize: [3, 2], strides: [3, 2]});
      const x = ops.random.normal(ops.key(5), [2, height, width, channels]);
      const dy = ops.random.normal(ops.key(6), [2, 2, 4, channels]);
      const [values, upstream] = [await x.data(), await dy.data()];
      const windows = Array.from({length: dy.size}, (_, i) => {
        const line = Math.floor(i / (4 * channels)) * 3;
        const column = (Math.floor(i / channels) % 4) * 2;
        const pixels = Array.from({length: 6}, (_, k) => (line + (k >> 1)) * width + column + (k & 1));
        return pixels.map((pixel) => pixel * channels + (i % channels));
      });
      const largest = windows.map((cells) =>
        cells.reduce((best, at) => ((values[at] as number) > (values[best] as number) ? at : best))
      );
      const wanted = new Float32Array(x.size);
      largest.forEach((at, i) => {
        wanted[at] = upstream[i] as number;
      });
      spoilMemory(x.size, dy.size);
      const {y, grads} = pullBack((at: Tensor) => layer.apply({}, at), x, dy);
      expect(Array.from(await y.data())).toEqual(largest.map((at) => values[at]));
      expect(await grads.data()).toEqual(wanted);
    })
  );

  test(
    "globalAvgPool2d is the mean over all pixels",
    withoutLeak(async () => {
      const x = tf.tensor4d([1, 10, 2, 20, 3, 30, 6, 60], [1, 2, 2, 2]);
      await expectClose(ops.globalAvgPool2d().apply({}, x), [3, 30]);
    })
  );
}

function norms(): void {
  test.each([["batch-norm-dense"], ["batch-norm-conv"]])(
    "%s: training, evaluation and running statistics",
    (name) =>
      withoutLeak(async () => {
        const {params, inputs, outputs} = fixture(`core/${name}`);
        const suffix = inputs.x_nhwc ? "_nhwc" : "";
        const dy = tensor(inputs[`dy${suffix}`]);
        const options = {momentum: params.momentum as number, epsilon: params.eps as number};
        const layer = ops.batchNorm(options);
        const at = {
          x: tensor(inputs[`x${suffix}`]),
          params: {scale: tensor(inputs.gamma), bias: tensor(inputs.beta)}
        };
        const state = {
          batchNorm: {mean: tensor(inputs.running_mean), variance: tensor(inputs.running_var)}
        };
        const evaluated = pullBack((here) => layer.apply(here.params, here.x, {state}), at, dy);
        await expectClose(evaluated.y, outputs[`y_eval${suffix}`]);
        await expectClose(evaluated.grads.x, outputs[`grad_x_eval${suffix}`]);
        await expectClose(evaluated.grads.params.scale, outputs.grad_gamma_eval, {atol: 3e-5});
        await expectClose(evaluated.grads.params.bias, outputs.grad_beta_eval, {atol: 3e-5});
        const trained = pullBack((here) => layer.apply(here.params, here.x, {training: true}), at, dy);
        await expectClose(trained.y, outputs[`y_train${suffix}`]);
        await expectClose(trained.grads.x, outputs[`grad_x_train${suffix}`], {atol: 3e-5});
        await expectClose(trained.grads.params.scale, outputs.grad_gamma_train, {atol: 3e-5});
        await expectClose(trained.grads.params.bias, outputs.grad_beta_train, {atol: 3e-5});
        for (const runningVariance of ["unbiased", "biased"] as const) {
          const after = new Map<string, BatchNormState>();
          ops.batchNorm({...options, runningVariance}).apply(at.params as BatchNormParams, at.x, {
            training: true,
            state,
            setState: (path, next) => after.set(path, next as BatchNormState)
          });
          const moved = after.get("batchNorm") as BatchNormState;
          await expectClose(moved.mean, outputs.running_mean_after);
          const wanted = runningVariance === "biased" ? "running_var_after_biased" : "running_var_after";
          await expectClose(moved.variance, outputs[wanted]);
        }
      })()
  );

  test.each([
    ["layer-norm", ops.layerNorm],
    ["rms-norm", ops.rmsNorm]
  ] as const)("%s: forward and gradients", (name, normalise) =>
    withoutLeak(async () => {
      const {params, inputs, outputs} = fixture(`core/${name}`);
      const layer = (normalise as typeof ops.layerNorm)({epsilon: params.eps as number});
      const at = {
        x: tensor(inputs.x),
        params: {scale: tensor(inputs.gamma), ...(inputs.beta && {bias: tensor(inputs.beta)})}
      };
      const {y, grads} = pullBack((here) => layer.apply(here.params, here.x), at, tensor(inputs.dy));
      await expectClose(y, outputs.y);
      await expectClose(grads.x, outputs.grad_x);
      await expectClose(grads.params.scale, outputs.grad_gamma);
      if (grads.params.bias) await expectClose(grads.params.bias, outputs.grad_beta);
    })()
  );
}

function attentions(): void {
  const paramsOf = ({inputs}: Fixture): AttentionParams => {
    const of = (letter: string) => ({
      kernel: kernel(inputs[`w_${letter}`]),
      bias: tensor(inputs[`b_${letter}`])
    });
    return {query: of("q"), key: of("k"), value: of("v"), out: of("o")};
  };

  test.each([
    ["attention-self"],
    ["attention-self-causal"],
    ["attention-self-key-padding"],
    ["attention-cross-key-padding"]
  ])("%s: forward, weights and gradients", (name) =>
    withoutLeak(async () => {
      const found = fixture(`core/${name}`);
      const {params, inputs, outputs} = found;
      const layer = ops.multiHeadAttention({
        heads: params.heads as number,
        causal: params.causal as boolean
      });
      const ignored = inputs.key_padding_mask;
      const mask =
        ignored &&
        tf.tensor(
          numbers(ignored).map((skip) => 1 - skip),
          ignored.shape
        );
      const cross = inputs.x === undefined;
      const xs = cross
        ? {query: tensor(inputs.x_query), seen: tensor(inputs.x_key_value)}
        : {query: tensor(inputs.x)};
      const at = {xs: xs as {query: Tensor; seen?: Tensor}, params: paramsOf(found)};
      const {y, grads} = pullBack<Params>(
        (here) => {
          const {params, xs} = here as typeof at;
          return xs.seen
            ? layer.attend(params, xs.query, xs.seen, {mask}).y
            : layer.apply(params, xs.query, {mask});
        },
        at as Params,
        tensor(inputs.dy)
      );
      await expectClose(y, outputs.y);
      const {weights} = layer.attend(at.params, xs.query, xs.seen ?? xs.query, {mask});
      await expectClose(weights, outputs.attention);
      const got = grads as typeof at;
      await expectClose(got.xs.query, cross ? outputs.grad_x_query : outputs.grad_x);
      if (got.xs.seen) await expectClose(got.xs.seen, outputs.grad_x_key_value);
      for (const [letter, part] of Object.entries({q: "query", k: "key", v: "value", o: "out"} as const)) {
        await expectClose(got.params[part].kernel.transpose(), outputs[`grad_w_${letter}`], {atol: 3e-5});
        await expectClose(got.params[part].bias as Tensor, outputs[`grad_b_${letter}`], {atol: 3e-5});
      }
    })()
  );

  test(
    "a query that may look at no key gives the bias, and finite gradients",
    withoutLeak(async () => {
      const layer = ops.multiHeadAttention({heads: 2, biasInit: ops.ones});
      const params = layer.init(ops.key(1), [3, 4]);
      const x = ops.random.normal(ops.key(2), [1, 3, 4]);
      const mask = tf.zeros([1, 3]);
      await expectClose(layer.apply(params, x, {mask}), Array<number>(12).fill(1));
      const grads = ops.grad((at: Tensor) => tf.sum(layer.apply(params, at, {mask})))(x);
      await expectClose(grads, Array<number>(12).fill(0));
    })
  );
}

function others(): void {
  test(
    "embedding: rows by id, and the dense gradient of the table",
    withoutLeak(async () => {
      const {params, inputs, outputs} = fixture("core/embedding");
      const layer = ops.embedding({count: params.vocabulary as number, features: params.features as number});
      const ids = tensor(inputs.ids);
      const at = {table: tensor(inputs.weight)};
      const {y, grads} = pullBack((here) => layer.apply(here, ids), at, tensor(inputs.dy));
      await expectClose(y, outputs.y);
      await expectClose(grads.table, outputs.grad_weight);
      await expectClose(layer.apply(at, tf.cast(ids, "float32")), outputs.y);
    })
  );

  test(
    "an id that the table does not have gives NaN, and gets no gradient",
    withoutLeak(async () => {
      const layer = ops.embedding({count: 2, features: 2});
      const at = {table: tf.tensor2d([1, 2, 3, 4], [2, 2])};
      const ids = tf.tensor1d([1, 2, -1], "int32");
      expect(Array.from(await layer.apply(at, ids).data())).toEqual([3, 4, NaN, NaN, NaN, NaN]);
      const {grads} = pullBack((here) => layer.apply(here, ids), at, tf.ones([3, 2]));
      await expectClose(grads.table, [0, 0, 1, 1]);
    })
  );

  test(
    "dropout with a given mask, and its gradient",
    withoutLeak(async () => {
      const {params, inputs, outputs} = fixture("core/dropout-mask");
      const kept = tf.tensor(numbers(inputs.keep_mask), inputs.keep_mask?.shape);
      const {y, grads} = pullBack(
        (x: Tensor) => ops.dropped(x, kept, params.rate as number),
        tensor(inputs.x),
        tensor(inputs.dy)
      );
      await expectClose(y, outputs.y);
      await expectClose(grads, outputs.grad_x);
    })
  );

  test(
    "softmax and logSoftmax, with logits that overflow a naive exponential",
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/softmax-log-softmax");
      for (const [name, f] of [
        ["softmax", ops.softmax],
        ["log_softmax", ops.logSoftmax]
      ] as const) {
        const {y, grads} = pullBack((x: Tensor) => f(x), tensor(inputs.x), tensor(inputs.dy));
        await expectClose(y, outputs[name]);
        await expectClose(grads, outputs[`${name}_grad_x`]);
      }
      await expectClose(ops.logSumExp(tensor(inputs.x)), outputs.log_sum_exp);
    })
  );
}
