import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {derivativeTable, normal} from "./derivative-table.ts";
import {expectClose, type Fixture, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;

type MlpParams = ReturnType<ReturnType<typeof ops.mlp>["init"]>;

const valuesOf = async (x: Tensor) => Array.from(await x.data());
const numberOf = async (x: Tensor) => (await x.data())[0] as number;

/** Weights that differ everywhere, so that no error cancels. */
const weighted = (y: Tensor) => tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape)));

/** (f(x + h d) - f(x - h d)) / 2h. */
function difference(f: (x: Tensor) => Tensor, x: Tensor, direction: Tensor, h = 3e-3): Tensor {
  const step = tf.mul(direction, h);
  return tf.div(tf.sub(f(tf.add(x, step)), f(tf.sub(x, step))), 2 * h);
}

/** A network's parameters in a fixture, whose weights are (out, in); `prefix` is "" or "tangent_". */
function mlpParams({inputs}: Fixture, prefix = ""): MlpParams {
  return {
    dense1: {kernel: kernel(inputs[`${prefix}w0`]), bias: tensor(inputs[`${prefix}b0`])},
    dense2: {kernel: kernel(inputs[`${prefix}w1`]), bias: tensor(inputs[`${prefix}b1`])}
  };
}

function mlpOf({params, inputs}: Fixture) {
  const model = ops.mlp(params.dims as number[], {activation: "tanh"});
  const x = tensor(inputs.x);
  const y = tensor(inputs.y);
  const loss = (at: MlpParams, input = x) => ops.softmaxCrossEntropy(model.apply(at, input), y);
  return {model, x, y, loss};
}

async function expectMlp(actual: MlpParams, {outputs}: Fixture, prefix: string): Promise<void> {
  for (const i of [0, 1]) {
    const layer = actual[`dense${i + 1}`] as {kernel: Tensor; bias: Tensor};
    await expectClose(tf.transpose(layer.kernel), outputs[`${prefix}w${i}`]);
    await expectClose(layer.bias, outputs[`${prefix}b${i}`]);
  }
}

const layerNorm = (x: Tensor, scale: Tensor, shift: Tensor) => {
  const {mean, variance} = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), scale), shift);
};

const OPERATIONS: Record<string, (...inputs: never[]) => Tensor> = {
  mat_mul: (a: Tensor, b: Tensor) => tf.matMul(a, b),
  mul_broadcast: (a: Tensor, b: Tensor) => tf.mul(a, b),
  div: (a: Tensor, b: Tensor) => tf.div(a, b),
  exp: tf.exp,
  log: tf.log,
  sqrt: tf.sqrt,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  relu: tf.relu,
  gelu_erf: ops.activations.gelu,
  softmax: (x: Tensor) => tf.softmax(x),
  log_softmax: (x: Tensor) => tf.sub(x, tf.logSumExp(x, -1, true)),
  mean_axis0: (x: Tensor) => tf.mean(x, 0),
  log_sum_exp: (x: Tensor) => tf.logSumExp(x, 1),
  layer_norm: layerNorm,
  conv2d_valid_nhwc: (x: Tensor, filter: Tensor) =>
    ops.conv2d({filters: 2, kernelSize: 3, padding: "valid", useBias: false}).apply({kernel: filter}, x),
  max_axis1: (x: Tensor) => tf.max(x, 1)
};

/** Derivatives of all kinds against reference numbers and finite differences. */
export function differentiationCases(backend: BackendName): void {
  describe(`derivatives on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(derivativeTable(backend))("%s, differentiated once and twice", (_name, at, f) =>
      withoutLeak(async () => {
        const x = at();
        const direction = normal(77, ...x.shape);
        const close = {rtol: 2e-2, atol: 2e-2};
        const loss = (a: Tensor) => weighted(f(a));
        const slope = tf.sum(tf.mul(ops.grad(loss)(x), direction));
        await expectClose(slope, await valuesOf(difference(loss, x, direction)), close);
        const gradient = (a: Tensor) => weighted(ops.grad(loss)(a));
        const curvature = tf.sum(tf.mul(ops.grad(gradient)(x), direction));
        await expectClose(curvature, await valuesOf(difference(gradient, x, direction)), close);
      })()
    );

    test.each(Object.keys(OPERATIONS))("jvp of %s", (name) =>
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("core/jvp-ops");
        const all = (kind: string) =>
          [0, 1, 2].flatMap((i) =>
            inputs[`${name}_${kind}${i}`] ? [tensor(inputs[`${name}_${kind}${i}`])] : []
          );
        const f = OPERATIONS[name] as (...args: Tensor[]) => Tensor;
        const [y, dy] = ops.jvp(f, all("in"), all("tangent"));
        await expectClose(y, outputs[name]);
        await expectClose(dy, outputs[`${name}_tangent`]);
      })()
    );

    test(
      "jvp of a network's loss and logits, by its parameters and by its input",
      withoutLeak(async () => {
        const reference = fixture("core/jvp-mlp-loss");
        const {model, x, loss} = mlpOf(reference);
        const params = mlpParams(reference);
        const both = (at: MlpParams) => ({loss: loss(at), logits: model.apply(at, x)});
        const [value, tangent] = ops.jvp(both, [params], [mlpParams(reference, "tangent_")]);
        await expectClose(value.loss, reference.outputs.loss);
        await expectClose(value.logits, reference.outputs.logits);
        await expectClose(tangent.loss, reference.outputs.loss_tangent);
        await expectClose(tangent.logits, reference.outputs.logits_tangent);
        const [, byInput] = ops.jvp(
          (input: Tensor) => loss(params, input),
          [x],
          [tensor(reference.inputs.tangent_x)]
        );
        await expectClose(byInput, reference.outputs.loss_tangent_x);
        await expectMlp(ops.grad(loss)(params), reference, "grad_");
      })
    );

    test(
      "hvp of a network's loss, and v . H v",
      withoutLeak(async () => {
        const reference = fixture("core/hvp-mlp-loss");
        const {loss} = mlpOf(reference);
        const [params, tangent] = [mlpParams(reference), mlpParams(reference, "tangent_")];
        const product = ops.hvp((at: MlpParams) => loss(at), params, tangent);
        await expectMlp(product, reference, "hvp_");
        const products = ops.tree
          .leaves<Tensor>(product)
          .map((leaf, i) => tf.sum(tf.mul(leaf, ops.tree.leaves<Tensor>(tangent)[i] as Tensor)));
        await expectClose(tf.addN(products), reference.outputs.vhv);
      })
    );

    test(
      "vjp is the transpose of jvp",
      withoutLeak(async () => {
        const f = (a: Tensor, b: Tensor) => tf.tanh(tf.matMul(a, b));
        const [a, b, da, db] = [normal(1, 2, 3), normal(2, 3, 4), normal(3, 2, 3), normal(4, 3, 4)] as const;
        const dy = normal(5, 2, 4);
        const [y, pullback] = ops.vjp(f, a, b);
        await expectClose(y, await valuesOf(f(a, b)));
        const [ga, gb] = pullback(dy);
        const [, tangent] = ops.jvp(f, [a, b], [da, db]);
        const left = await numberOf(tf.sum(tf.mul(dy, tangent)));
        await expectClose(tf.add(tf.sum(tf.mul(ga, da)), tf.sum(tf.mul(gb, db))), [left]);
      })
    );

    test(
      "a function that gives its arguments back leaves them to the caller",
      withoutLeak(async () => {
        const [x, dx] = [normal(1, 3), normal(2, 3)];
        const [y, dy] = ops.jvp((at: Tensor) => at, [x], [dx]);
        tf.dispose([y, dy]);
        const [same] = ops.vjp((at: Tensor) => at, x);
        same.dispose();
        const [[value, aux], grads] = ops.valueAndGrad((at: Tensor) => [tf.sum(at), at], {hasAux: true})(x);
        tf.dispose([value, aux, grads]);
        expect([x.isDisposed, dx.isDisposed]).toEqual([false, false]);
      })
    );

    test(
      "perExampleGrads: by an example its own gradient, in the mean that of the batch",
      withoutLeak(async () => {
        const reference = fixture("core/hvp-mlp-loss");
        const {model, x, y} = mlpOf(reference);
        const params = mlpParams(reference);
        const loss = (at: MlpParams, inputs: Tensor, labels: Tensor) =>
          ops.softmaxCrossEntropy(model.apply(at, inputs), labels);
        const each = ops.perExampleGrads(loss, params, x, y);
        await expectMlp(
          ops.tree.map((leaf: Tensor) => tf.mean(leaf, 0), each as Params) as MlpParams,
          reference,
          "grad_"
        );
        const third = ops.grad(loss)(params, tf.slice(x, [2], [1]), tf.slice(y, [2], [1]));
        const pairs = ops.tree
          .leaves<Tensor>(each)
          .map((leaf, i) => [leaf, ops.tree.leaves<Tensor>(third)[i]]);
        for (const [leaf, own] of pairs as [Tensor, Tensor][]) {
          expect(leaf.shape).toEqual([6, ...own.shape]);
          await expectClose(tf.gather(leaf, 2), await valuesOf(own));
        }
        expect(() => ops.perExampleGrads(loss, params, x, tf.slice(y, [0], [5]))).toThrow(
          "expected data of the shapes [batch, ...], got [6, 4], [5]"
        );
      })
    );

    test(
      "stopGradient: values as they are, no slope through them, not even an infinite one",
      withoutLeak(async () => {
        const x = tf.tensor1d([0, 4]);
        const loss = (at: Tensor) => tf.sum(tf.mul(at, ops.stopGradient({root: tf.sqrt(at)}).root));
        const [value, grads] = ops.valueAndGrad(loss)(x);
        await expectClose(value, [8]);
        await expectClose(grads, [0, 2]);
        await expectClose(ops.jvp(loss, [x], [tf.ones([2])])[1], [2]);
      })
    );

    test(
      "activations and their gradients, by layer path",
      withoutLeak(async () => {
        const model = ops.mlp([4, 3, 2], {activation: "tanh"});
        const params = model.init(ops.key(1));
        const {dense1, dense2} = params as Record<string, {kernel: Tensor; bias: Tensor}>;
        const x = normal(2, 5, 4);
        const hidden = tf.tanh(tf.add(tf.matMul(x, dense1?.kernel as Tensor), dense1?.bias as Tensor));
        const seen = ops.activationsOf(model, params, x);
        expect(Object.keys(seen)).toEqual(["flatten1", "dense1", "dense2"]);
        await expectClose(seen.flatten1 as Tensor, await valuesOf(x));
        await expectClose(seen.dense1 as Tensor, await valuesOf(hidden));
        const loss = (y: Tensor) => tf.sum(tf.square(y));
        const grads = ops.activationGradients(loss, model, params, x);
        const output = model.apply(params, x);
        await expectClose(grads.dense2 as Tensor, await valuesOf(tf.mul(output, 2)));
        const back = tf.matMul(tf.mul(output, 2), dense2?.kernel as Tensor, false, true);
        await expectClose(grads.dense1 as Tensor, await valuesOf(back));
        tf.dispose([seen, grads]);
        expect(x.isDisposed).toBe(false);
      })
    );

    test(
      "withTaps changes what a layer passes on, after the context's own tap",
      withoutLeak(async () => {
        const model = ops.mlp([4, 3, 2]);
        const params = model.init(ops.key(1));
        const x = normal(2, 5, 4);
        const order: string[] = [];
        const ablated = ops.withTaps(model, (path, y) => {
          order.push(`own ${path}`);
          return path === "dense1" ? tf.zerosLike(y) : y;
        });
        const y = ablated.apply(params, x, {
          tap: (path, y) => {
            order.push(path);
            return y;
          }
        });
        await expectClose(y, Array(10).fill(0));
        expect(order.slice(2, 4)).toEqual(["dense1", "own dense1"]);
      })
    );

    test(
      "tangents of another shape, structure or type are refused with their path",
      withoutLeak(async () => {
        const params = {a: tf.ones([2]), b: [tf.ones([3])]};
        const loss = (at: typeof params) => tf.sum(at.a);
        expect(() => ops.hvp(loss, params, {a: tf.ones([2]), b: [tf.ones([4])]})).toThrow(
          `hvp's tangent at "b/0": expected the shape [3], got [4].`
        );
        expect(() => ops.jvp(loss, [params], [{a: tf.ones([2])} as typeof params])).toThrow(
          "The trees differ"
        );
        expect(() => ops.jvp((x: Tensor) => x, [tf.ones([2])], [tf.ones([2], "int32")])).toThrow(
          "only float32"
        );
      })
    );

    test(
      "derivatives nest: forward over reverse, reverse over forward, and three deep",
      withoutLeak(async () => {
        const [x, v] = [tf.tensor1d([0.3, 0.7]), tf.tensor1d([1, 2])];
        const f = (at: Tensor): Tensor => tf.sum(tf.mul(tf.exp(at), tf.tanh(at)));
        // By hand: f'' = e^x (t + (1 - t^2) (2 - 2 t)), t = tanh x.
        const curvature = [0.3, 0.7].map((at) => {
          const t = Math.tanh(at);
          return Math.exp(at) * (t + (1 - t * t) * (2 - 2 * t));
        }) as [number, number];
        const wanted = [curvature[0], 2 * curvature[1]];
        await expectClose(ops.hvp(f, x, v), wanted);
        await expectClose(ops.jvp(ops.grad(f), [x], [v])[1], wanted);
        await expectClose(ops.grad((at: Tensor) => ops.jvp(f, [at], [v])[1])(x), wanted);
        // A direction that is the point itself is a constant all the same.
        await expectClose(ops.hvp(f, x, x), [0.3 * curvature[0], 0.7 * curvature[1]]);
        const exponential = (at: Tensor): Tensor => tf.sum(tf.exp(at));
        const twice = (at: Tensor): Tensor => tf.sum(ops.hvp(exponential, at, v));
        await expectClose(ops.grad(twice)(x), [Math.exp(0.3), 2 * Math.exp(0.7)]);
      })
    );

    test(
      "a loss that throws while it is differentiated twice leaves nothing behind",
      withoutLeak(async () => {
        const x = normal(1, 3);
        const before = tf.memory().numTensors;
        const failing = (at: Tensor) => {
          tf.tanh(tf.square(at));
          throw new Error("by design");
        };
        expect(() => ops.hvp(failing, x, x)).toThrow("by design");
        expect(() => ops.jvp(failing, [x], [x])).toThrow("by design");
        expect(tf.memory().numTensors).toBe(before);
        await expectClose(
          ops.hvp((at: Tensor) => tf.sum(tf.exp(at)), x, x),
          await valuesOf(tf.mul(tf.exp(x), x))
        );
      })
    );
  });
}
