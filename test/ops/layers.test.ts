import {beforeAll, describe, expect, test} from "vitest";
import {
  fans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal
} from "../../src/ops/core/initializers.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {fixture, numbers, use, withoutLeak} from "./support.ts";

const {tf} = ops;

beforeAll(() => use("cpu"));

describe("mlp", () => {
  test(
    "names its parameters by layer and has the published size of LeNet-300-100",
    withoutLeak(async () => {
      const params = ops.mlp([784, 300, 100, 10]).init(ops.key(0));
      expect(ops.tree.entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape])).toEqual([
        ["dense1/kernel", [784, 300]],
        ["dense1/bias", [300]],
        ["dense2/kernel", [300, 100]],
        ["dense2/bias", [100]],
        ["dense3/kernel", [100, 10]],
        ["dense3/bias", [10]]
      ]);
      expect(ops.tree.size(params)).toBe(266_610);
    })
  );

  test(
    "flattens images, and says where a shape is wrong",
    withoutLeak(async () => {
      const model = ops.mlp([64, 5, 2]);
      const params = model.init(ops.key(0), [8, 8]);
      expect(model.apply(params, tf.zeros([3, 8, 8])).shape).toEqual([3, 2]);
      expect(() => model.apply(params, tf.zeros([3, 9]))).toThrow(
        "dense1: expected an input of shape [batch, 64], got [3, 9]."
      );
      expect(() => model.init(ops.key(0), [3, 3])).toThrow("make 9 its first size");
    })
  );

  test.each([[[4]], [[4, 0, 1]], [[4, 1.5]]])("refuses the sizes %j", (sizes) => {
    expect(() => ops.mlp(sizes)).toThrow();
  });
});

test("an unknown activation is answered with the known ones", () => {
  expect(() => ops.dense({units: 1, activation: "rulu" as "relu"})).toThrow(
    'no activation "rulu". Use one of linear, relu'
  );
});

test(
  "a layer of one's own works in a network",
  withoutLeak(async () => {
    const scale: Layer<{by: Tensor}> = {
      name: "scale",
      init: (_key, shape) => ({by: tf.ones([...shape])}),
      apply: ({by}, x) => tf.mul(x, by)
    };
    const model = ops.sequential([scale as Layer, ops.dense({units: 2}) as Layer]);
    const params = model.init(ops.key(1), [3]);
    expect(Object.keys(params)).toEqual(["scale1", "dense1"]);
    expect(model.apply(params, tf.ones([4, 3])).shape).toEqual([4, 2]);
  })
);

describe("initializers", () => {
  const {inputs, outputs} = fixture("core/initializer-scales-dense");
  const shapes = Array.from({length: 6}, (_, i) =>
    numbers(inputs.weight_shapes_in_out).slice(2 * i, 2 * i + 2)
  );

  test("fans", () => {
    expect(shapes.map((shape) => fans(shape).fanIn)).toEqual(numbers(outputs.fan_in));
    expect(shapes.map((shape) => fans(shape).fanOut)).toEqual(numbers(outputs.fan_out));
    expect(fans([3, 3, 8, 16])).toEqual({fanIn: 72, fanOut: 144});
  });

  test.each([
    ["glorot_uniform_limit", glorotUniform],
    ["kaiming_uniform_limit", heUniform]
  ])("%s", (name, initializer) => {
    const i = 0;
    const limit = numbers(outputs[name])[i] as number;
    const values = Array.from(ops.tf.tidy(() => initializer(ops.key(2), shapes[i] as number[]).dataSync()));
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(limit * 1.000001);
    expect(largest).toBeGreaterThan(limit * 0.9);
  });

  test.each([
    ["glorot", glorotNormal, (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut)],
    ["he", heNormal, (fanIn: number) => 2 / fanIn],
    ["lecun", lecunNormal, (fanIn: number) => 1 / fanIn]
  ])(
    "%s normal has its variance and is truncated at 2 of its own deviations",
    (_name, initializer, variance) => {
      const shape = [200, 300];
      const values = Array.from(ops.tf.tidy(() => initializer(ops.key(3), shape).dataSync()));
      const wanted = variance(200, 300);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(Math.abs(mean)).toBeLessThan(0.02 * Math.sqrt(wanted));
      expect(spread / wanted).toBeGreaterThan(0.97);
      expect(spread / wanted).toBeLessThan(1.03);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual((2 * Math.sqrt(wanted)) / 0.87962566);
    }
  );
});

describe("tree", () => {
  test("maps with paths, in insertion order, over several trees", () => {
    const seen: string[] = [];
    const sum = ops.tree.map(
      (a: number, path, b) => {
        seen.push(path);
        return a + (b ?? 0);
      },
      {b: [1, 2], a: {c: 3}},
      {b: [10, 20], a: {c: 30}}
    );
    expect(sum).toEqual({b: [11, 22], a: {c: 33}});
    expect(seen).toEqual(["b/0", "b/1", "a/c"]);
  });

  test("names the path where trees differ", () => {
    expect(() => ops.tree.map<number, number>((a) => a, {a: {b: 1}}, {a: {}})).toThrow('the first has "a/b"');
  });

  test("disposes tensors, keeps those asked for, and passes over other leaves", () => {
    const before = tf.memory().numTensors;
    const [x, y] = [tf.scalar(1), tf.scalar(2)];
    ops.tree.dispose({x, y, step: 3}, [y]);
    expect([x.isDisposed, y.isDisposed]).toEqual([true, false]);
    y.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("gradients", () => {
  test(
    "of parameters that the loss does not use are zeros",
    withoutLeak(async () => {
      const grads = ops.grad(({a}: {a: Tensor; b: Tensor}) => tf.sum(tf.square(a)))({
        a: tf.ones([2]),
        b: tf.ones([3])
      });
      expect(Array.from(await grads.a.data())).toEqual([2, 2]);
      expect(Array.from(await grads.b.data())).toEqual([0, 0, 0]);
    })
  );

  test(
    "come with what else the loss returns",
    withoutLeak(async () => {
      const loss = (x: Tensor): [Tensor, {twice: Tensor}] => [tf.sum(x), {twice: tf.mul(x, 2)}];
      const [[value, {twice}], grads] = ops.valueAndGrad(loss, {hasAux: true})(tf.tensor1d([1, 2]));
      expect([(await value.data())[0], ...(await twice.data()), ...(await grads.data())]).toEqual([
        3, 2, 4, 1, 1
      ]);
    })
  );

  test("need a scalar", () => {
    const x = tf.ones([2]);
    expect(() => ops.grad((at: Tensor) => tf.square(at))(x)).toThrow(
      "A loss must return one number (a scalar tensor), got shape [2]"
    );
    x.dispose();
  });
});
