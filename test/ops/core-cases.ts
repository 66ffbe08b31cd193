import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {ActivationName} from "../../src/ops/core/activations.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const ACTIVATIONS: Record<string, ActivationName> = {
  relu: "relu",
  leaky_relu: "leakyRelu",
  elu: "elu",
  selu: "selu",
  softplus: "softplus",
  sigmoid: "sigmoid",
  tanh: "tanh",
  gelu_erf: "gelu",
  gelu_tanh: "geluTanh",
  silu: "silu",
  mish: "mish",
  softsign: "softsign",
  hard_swish: "hardSwish",
  log_sigmoid: "logSigmoid"
};

/** Layers, losses and gradients against reference numbers. */
export function coreCases(backend: BackendName): void {
  describe(`core on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(Object.entries(ACTIVATIONS))("%s and its derivative", (name, activation) =>
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("core/activations");
        const x = tensor(inputs.x);
        await expectClose(ops.activations[activation](x), outputs[name]);
        const derivative = ops.grad((at: Tensor) => tf.sum(ops.activations[activation](at)))(x);
        await expectClose(derivative, outputs[`d_${name}`]);
      })()
    );

    test(
      "dense: forward and gradients",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("core/linear");
        const layer = ops.dense({units: 3});
        const params = {kernel: tensor(inputs.kernel), bias: tensor(inputs.bias)};
        const x = tensor(inputs.x);
        const dy = tensor(inputs.dy);
        await expectClose(layer.apply(params, x), outputs.y);
        const loss = (at: {params: typeof params; x: Tensor}) =>
          tf.sum(tf.mul(layer.apply(at.params, at.x), dy));
        const grads = ops.grad(loss)({params, x});
        await expectClose(grads.x, outputs.grad_x);
        await expectClose(grads.params.kernel, outputs.grad_kernel);
        await expectClose(grads.params.bias, outputs.grad_bias);
      })
    );

    test.each([
      ["cross-entropy", "labels", {}],
      ["cross-entropy-label-smoothing", "labels", {labelSmoothing: 0.1}],
      ["cross-entropy-dense-targets", "targets", {}]
    ])("softmaxCrossEntropy: %s", (name, target, options) =>
      withoutLeak(async () => {
        const {inputs, outputs} = fixture(`core/${name}`);
        const logits = tensor(inputs.logits);
        const labels = tensor(inputs[target]);
        const loss = (at: Tensor, reduction: "mean" | "sum" | "none") =>
          ops.softmaxCrossEntropy(at, labels, {...options, reduction});
        await expectClose(loss(logits, "none"), outputs.per_example);
        await expectClose(loss(logits, "mean"), outputs.mean);
        if (outputs.sum) await expectClose(loss(logits, "sum"), outputs.sum);
        await expectClose(ops.grad((at: Tensor) => loss(at, "mean"))(logits), outputs.grad_logits);
        const dy = tf.linspace(-1, 2, logits.shape[0] as number);
        const weighted = (at: Tensor) => tf.sum(tf.mul(loss(at, "none"), dy));
        const plain = (at: Tensor) => tf.sum(tf.mul(plainCrossEntropy(at, labels, options), dy));
        await expectClose(ops.grad(weighted)(logits), Array.from(await ops.grad(plain)(logits).data()));
      })()
    );

    test.each(["mse-mae", "mse-mae-3d"])("meanSquaredError: %s", (name) =>
      withoutLeak(async () => {
        const {inputs, outputs} = fixture(`core/${name}`);
        const predictions = tensor(inputs.predictions);
        const targets = tensor(inputs.targets);
        await expectClose(
          ops.meanSquaredError(predictions, targets, {reduction: "none"}),
          outputs.mse_per_element
        );
        await expectClose(ops.meanSquaredError(predictions, targets, {reduction: "sum"}), outputs.mse_sum);
        const [value, grads] = ops.valueAndGrad((at: Tensor) => ops.meanSquaredError(at, targets))(
          predictions
        );
        await expectClose(value, outputs.mse_mean);
        await expectClose(grads, outputs.mse_grad_predictions);
      })()
    );

    test(
      "accuracy counts the rows whose largest logit is the label's",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("core/metrics-classification");
        await expectClose(ops.accuracy(tensor(inputs.logits), tensor(inputs.labels)), outputs.accuracy);
      })
    );

    test(
      "dropout scales what it keeps, drops the given share, and is the identity in evaluation",
      withoutLeak(async () => {
        const layer = ops.dropout(0.3);
        const x = tf.ones([100, 100]);
        const y = layer.apply({}, x, {training: true, key: ops.key(1)});
        const values = Array.from(await y.data());
        const kept = values.filter((value) => value !== 0);
        for (const value of kept) expect(value).toBeCloseTo(1 / 0.7, 5);
        expect(kept.length / values.length).toBeGreaterThan(0.68);
        expect(kept.length / values.length).toBeLessThan(0.72);
        await expectClose(layer.apply({}, x, {training: false}), Array.from(await x.data()));
      })
    );

    test.each(["mlp-sgd-relu", "mlp-sgd-tanh", "mlp-adam-relu", "mlp-adam-tanh"])(
      "the trajectory %s",
      (name) =>
        withoutLeak(async () => {
          const {params: settings, inputs, outputs} = fixture(`core/${name}`);
          const learningRate = settings.learning_rate as number;
          const model = ops.mlp(settings.dims as number[], {
            activation: settings.activation as ActivationName
          });
          const optimizer =
            settings.optimizer === "adam" ? ops.adam({learningRate}) : ops.sgd({learningRate});
          const x = tensor(inputs.x);
          const y = tensor(inputs.y);
          const loss = (params: Params, at: Tensor, labels: Tensor) =>
            ops.softmaxCrossEntropy(model.apply(params as ReturnType<typeof model.init>, at), labels);
          const step = ops.trainStep(loss, optimizer);
          const initial = {
            dense1: {kernel: kernel(inputs.w0), bias: tensor(inputs.b0)},
            dense2: {kernel: kernel(inputs.w1), bias: tensor(inputs.b1)}
          };
          let state = ops.initTrainState<Params>(initial, optimizer);
          const losses: Tensor[] = [];
          for (let i = 0; i < (settings.steps as number); ++i) {
            const result = step(state, x, y);
            state = result.state;
            losses.push(result.loss);
          }
          losses.push(loss(state.params, x, y));
          await expectClose(tf.stack(losses), outputs.loss, {rtol: 1e-4, atol: 1e-4});
          const trained = state.params as typeof initial;
          await expectClose(trained.dense1.kernel.transpose(), outputs.w0_final, {rtol: 1e-3, atol: 1e-4});
          await expectClose(trained.dense1.bias, outputs.b0_final, {rtol: 1e-3, atol: 1e-4});
          await expectClose(trained.dense2.kernel.transpose(), outputs.w1_final, {rtol: 1e-3, atol: 1e-4});
          await expectClose(trained.dense2.bias, outputs.b1_final, {rtol: 1e-3, atol: 1e-4});
        })()
    );
  });
}

/** The loss spelled out in tfjs ops, to check what the fused one does with unequal upstream gradients. */
function plainCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  {labelSmoothing = 0}: {labelSmoothing?: number}
): Tensor {
  const classes = logits.shape[1] as number;
  const hard = labels.rank === 1 ? tf.cast(tf.oneHot(tf.cast(labels, "int32"), classes), "float32") : labels;
  const targets = tf.add(tf.mul(hard, 1 - labelSmoothing), labelSmoothing / classes);
  return tf.neg(tf.sum(tf.mul(targets, tf.sub(logits, tf.logSumExp(logits, 1, true))), 1));
}
