import {beforeAll, describe, expect, test} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {RecurrentParams} from "../../src/ops/core/layers/recurrent.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

beforeAll(() => use("cpu"));

const pathsOf = (params: Params) =>
  ops.tree.entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape]);

describe("networks", () => {
  const block = () =>
    ops.sequential([
      ops.conv2d({filters: 4, kernelSize: 3, strides: 2}),
      ops.residual([ops.batchNorm(), ops.activation("relu"), ops.conv2d({filters: 4, kernelSize: 1})]),
      ops.parallel([ops.globalAvgPool2d(), ops.sequential([ops.flatten(), ops.dense({units: 2})])])
    ]);

  test(
    "name parameters, infer shapes and count operations through containers",
    withoutLeak(async () => {
      const model = block();
      const params = model.init(ops.key(1), [6, 6, 3]);
      expect(pathsOf(params)).toEqual([
        ["conv2d1/kernel", [3, 3, 3, 4]],
        ["conv2d1/bias", [4]],
        ["residual1/body/batchNorm1/scale", [4]],
        ["residual1/body/batchNorm1/bias", [4]],
        ["residual1/body/conv2d1/kernel", [1, 1, 4, 4]],
        ["residual1/body/conv2d1/bias", [4]],
        ["parallel1/sequential1/dense1/kernel", [36, 2]],
        ["parallel1/sequential1/dense1/bias", [2]]
      ]);
      expect(model.outputShape?.([6, 6, 3])).toEqual([6]);
      const state = ops.initState(model, [6, 6, 3]);
      expect(pathsOf(state)).toEqual([
        ["residual1/body/batchNorm1/mean", [4]],
        ["residual1/body/batchNorm1/variance", [4]]
      ]);
      expect(model.apply(params, tf.zeros([2, 6, 6, 3]), {state}).shape).toEqual([2, 6]);
      // 2 x 9 positions x 27 x 4, then 72 for the norm, 36 for relu, 2 x 9 x 16, 36 for the sum, 36 for the mean, 2 x 72.
      expect(ops.flops(model, [6, 6, 3])).toBe(1944 + 72 + 36 + 288 + 36 + 36 + 144);
    })
  );

  test("count the multiply-adds of LeNet-300-100 twice", () => {
    expect(ops.flops(ops.mlp([784, 300, 100, 10]), [784])).toBeGreaterThanOrEqual(
      2 * (235_200 + 30_000 + 1000)
    );
  });

  test(
    "say the path and both shapes of what is wrong, when made and when applied",
    withoutLeak(async () => {
      const model = block();
      const before = tf.memory().numTensors;
      const deep = ops.sequential([model, ops.residual(ops.conv2d({filters: 1, kernelSize: 1}))]);
      expect(() => deep.init(ops.key(1), [6, 6, 3])).toThrow(
        "residual1/body: expected an input of shape [height, width, channels], got [6]."
      );
      expect(tf.memory().numTensors).toBe(before);
      const params = model.init(ops.key(1), [6, 6, 3]);
      expect(() => model.apply(params, tf.zeros([2, 6, 6, 4]))).toThrow(
        "conv2d1: expected an input of shape [batch, height, width, 3], got [2, 6, 6, 4]."
      );
      expect(() => model.apply(params, tf.zeros([2, 6, 6, 3]), {path: "net"})).toThrow(
        "net/residual1/body/batchNorm1 has no running statistics"
      );
    })
  );

  test(
    "leave nothing behind but the result, and give states and tapped outputs to the caller",
    withoutLeak(async () => {
      const model = block();
      const params = model.init(ops.key(1), [6, 6, 3]);
      const state = ops.initState(model, [6, 6, 3]);
      const x = ops.random.normal(ops.key(2), [2, 6, 6, 3]);
      const before = tf.memory().numTensors;
      const y = model.apply(params, x, {state});
      expect(tf.memory().numTensors).toBe(before + 1);
      const seen: Record<string, Tensor> = {};
      const states: Record<string, Params> = {};
      const tapped = model.apply(params, x, {
        training: true,
        state,
        setState: (path, next) => {
          states[path] = next;
        },
        tap: (path, output) => {
          seen[path] = output;
          return path === "conv2d1" ? tf.mul(output, 0) : output;
        }
      });
      expect(Object.keys(seen)).toEqual([
        "conv2d1",
        "residual1/body/batchNorm1",
        "residual1/body/activation1",
        "residual1/body/conv2d1",
        "residual1/body",
        "residual1",
        "parallel1/globalAvgPool2d1",
        "parallel1/sequential1/flatten1",
        "parallel1/sequential1/dense1",
        "parallel1/sequential1",
        "parallel1"
      ]);
      expect((seen.conv2d1 as Tensor).shape).toEqual([2, 3, 3, 4]);
      const after = states["residual1/body/batchNorm1"] as {mean: Tensor; variance: Tensor};
      // The tap made the norm's inputs zero: the running statistics go a tenth of the way there.
      await expectClose(after.mean, [0, 0, 0, 0]);
      await expectClose(after.variance, [0.9, 0.9, 0.9, 0.9]);
      tf.dispose([y, tapped]);
    })
  );

  test.each<[string, () => Layer, readonly number[], string]>([
    [
      "conv2d",
      () => ops.conv2d({filters: 1, kernelSize: 5, padding: "valid"}),
      [4, 9, 1],
      "[at least 5, at least 5, channels], got [4, 9, 1]"
    ],
    [
      "conv2d",
      () => ops.conv2d({filters: 4, kernelSize: 1, groups: 2}),
      [4, 4, 3],
      "[height, width, a multiple of 2], got [4, 4, 3]"
    ],
    ["maxPool2d", () => ops.maxPool2d(), [4], "[height, width, channels], got [4]"],
    ["gru", () => ops.gru({units: 2}), [4], "[time, features], got [4]"],
    [
      "multiHeadAttention",
      () => ops.multiHeadAttention({heads: 3}),
      [2, 4],
      "4 features cannot be split into 3 heads"
    ],
    [
      "learnedPositions",
      () => ops.learnedPositions({maxTime: 3}),
      [4, 2],
      "[at most 3, features], got [4, 2]"
    ],
    ["reshape", () => ops.reshape([2, 2]), [5], "with 4 numbers an example, for [2, 2], got [5]"],
    ["residual", () => ops.residual(ops.dense({units: 2})), [3], "the body gives [2], the shortcut [3]"],
    [
      "parallel",
      () => ops.parallel([ops.flatten(), ops.reshape([2, 1])]),
      [2],
      "must agree in all but the last dimension, got [2] and [2, 1]"
    ]
  ])("%s refuses a shape that does not fit", (name, make, shape, message) => {
    expect(() => make().init(ops.key(1), shape, `net/${name}1`)).toThrow(message);
    expect(() => make().init(ops.key(1), shape, `net/${name}1`)).toThrow(`net/${name}1`);
  });
});

describe("positions", () => {
  test(
    "sinusoids are those of the paper",
    withoutLeak(async () => {
      await expectClose(ops.sinusoids(2, 4), [
        0,
        1,
        0,
        1,
        Math.sin(1),
        Math.cos(1),
        Math.sin(0.01),
        Math.cos(0.01)
      ]);
    })
  );

  test(
    "rotary turns pairs, keeps lengths, and makes products depend on distances alone",
    withoutLeak(async () => {
      const x = tf.tensor2d([1, 2, 3, 4, 1, 2, 3, 4], [2, 4]);
      const turned = await ops.rotary(x).array();
      const [c, s, c2, s2] = [Math.cos(1), Math.sin(1), Math.cos(0.01), Math.sin(0.01)];
      await expectClose(tf.tensor(turned), [
        1,
        2,
        3,
        4,
        c - 3 * s,
        2 * c2 - 4 * s2,
        3 * c + s,
        4 * c2 + 2 * s2
      ]);
      const product = (offset: number) => {
        const at = ops.rotary(x, {offset});
        return tf.sum(tf.mul(tf.slice(at, 0, 1), tf.slice(at, 1, 1)));
      };
      await expectClose(product(7), Array.from(await product(0).data()));
    })
  );
});

type Matrices = Record<"kernel" | "bias" | "recurrentKernel" | "recurrentBias", number[][]>;

/** PyTorch's recurrent layers in double precision, one number at a time. */
function reference(kind: "rnn" | "gru" | "lstm", params: Matrices, xs: number[][], units: number) {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const share = (v: number[], matrix: number[][], bias: number[][], column: number) =>
    v.reduce((sum, value, i) => sum + value * Number(matrix[i]?.[column]), Number(bias[0]?.[column]));
  let h = Array<number>(units).fill(0);
  let c = Array<number>(units).fill(0);
  return xs.map((x) => {
    const before = h;
    const input = (gate: number, u: number) => share(x, params.kernel, params.bias, gate * units + u);
    const hidden = (gate: number, u: number) =>
      share(before, params.recurrentKernel, params.recurrentBias, gate * units + u);
    const both = (gate: number, u: number) => input(gate, u) + hidden(gate, u);
    if (kind === "lstm") {
      c = c.map((value, u) => sigmoid(both(1, u)) * value + sigmoid(both(0, u)) * Math.tanh(both(2, u)));
    }
    h = before.map((value, u) => {
      if (kind === "rnn") return Math.tanh(both(0, u));
      if (kind === "lstm") return sigmoid(both(3, u)) * Math.tanh(Number(c[u]));
      const z = sigmoid(both(1, u));
      return (1 - z) * Math.tanh(input(2, u) + sigmoid(both(0, u)) * hidden(2, u)) + z * value;
    });
    return h;
  });
}

describe("recurrent layers", () => {
  test.each(["rnn", "gru", "lstm"] as const)(
    "%s computes what PyTorch's does, as a layer and step by step",
    (kind) =>
      withoutLeak(async () => {
        const layer = ops[kind]({units: 3}) as Layer<RecurrentParams>;
        const params = layer.init(ops.key(1), [4, 2]);
        const x = ops.random.normal(ops.key(2), [2, 4, 2]);
        const plain = Object.fromEntries(
          await Promise.all(
            Object.entries(params).map(async ([name, leaf]) => {
              const rows = (leaf as Tensor).rank === 1 ? tf.expandDims(leaf as Tensor, 0) : (leaf as Tensor);
              return [name, await rows.array()] as [string, number[][]];
            })
          )
        );
        const batch = (await x.array()) as number[][][];
        const wanted = batch.map((steps) => reference(kind, plain as Matrices, steps, 3));
        await expectClose(layer.apply(params, x), wanted.flat(2));
        const last = ops[kind]({units: 3, returnSequences: false}) as Layer<RecurrentParams>;
        await expectClose(
          last.apply(params, x),
          wanted.flatMap((steps) => steps.at(-1) as number[])
        );
        let state = {h: tf.zeros([2, 3]) as Tensor, c: tf.zeros([2, 3]) as Tensor};
        for (const step of tf.unstack(x, 1)) {
          if (kind === "lstm") state = ops.lstmCell(params, step, state);
          else state = {...state, h: (kind === "gru" ? ops.gruCell : ops.rnnCell)(params, step, state.h)};
        }
        await expectClose(
          state.h,
          wanted.flatMap((steps) => steps.at(-1) as number[])
        );
      })()
  );
});

describe("graph convolution", () => {
  test(
    "the adjacency is symmetric and normalised by degrees with self-loops",
    withoutLeak(async () => {
      const r = 1 / Math.sqrt(6);
      await expectClose(
        ops.gcnAdjacency(3, [
          [0, 1],
          [2, 1]
        ]),
        [1 / 2, r, 0, r, 1 / 3, r, 0, r, 1 / 2]
      );
      expect(() => ops.gcnAdjacency(2, [[0, 2]])).toThrow("must join nodes 0 to 1, got [0, 2]");
    })
  );

  test(
    "neighbours are added with the adjacency's weights, also for several graphs at once",
    withoutLeak(async () => {
      const params = {kernel: tf.tensor2d([2], [1, 1]), bias: tf.tensor1d([1])};
      const x = tf.tensor3d([1, 10, 3, 30], [2, 2, 1]);
      const adjacency = tf.tensor2d([1, 0.5, 0.5, 1], [2, 2]);
      const fixed = ops.graphConv({units: 1, adjacency});
      await expectClose(fixed.apply(params, tf.tensor2d([1, 10], [2, 1])), [13, 22]);
      await expectClose(fixed.apply(params, x), [13, 22, 37, 64]);
      const each = tf.stack([adjacency, tf.eye(2)]);
      await expectClose(fixed.apply(params, x, {adjacency: each}), [13, 22, 7, 61]);
      expect(() => ops.graphConv({units: 1}).apply(params, x)).toThrow("graphConv has no graph");
      expect(() => fixed.apply(params, tf.zeros([3, 1]))).toThrow(
        "graphConv (adjacency): expected an input of shape [3, 3], got [2, 2]."
      );
    })
  );
});

describe("what layers tell each other and the training", () => {
  /** Leaves twice its input, and adds the mean of its squares to the loss. */
  const writer: Layer = {
    name: "writer",
    init: () => ({}),
    apply(_params, x, context) {
      context?.leave?.("twice", tf.mul(x, 2));
      context?.addLoss?.(tf.mean(tf.square(x)));
      return tf.add(x, 0);
    }
  };
  /** x plus what was left. */
  const reader: Layer = {
    name: "reader",
    init: () => ({}),
    apply: (_params, x, context) => tf.add(x, context?.left?.("twice") ?? 100)
  };
  const inside = (layer: Layer) =>
    ops.sequential([ops.sequential([layer]), ops.residual(ops.activation("relu"))]);

  test(
    "what a layer leaves reaches later layers through containers, and no other application",
    withoutLeak(async () => {
      const model = ops.sequential([inside(writer), inside(reader)]);
      const x = tf.tensor2d([[1, 2]]);
      // Twice through the residual, then 2 + 2 and 4 + 4... plus what was left, and twice again.
      await expectClose(model.apply({}, x), [8, 16]);
      await expectClose(model.apply({}, x, {training: true}), [8, 16]);
      await expectClose(reader.apply({}, x, {}), [101, 102]);
      await expectClose(inside(reader).apply({}, x), [202, 204]);
    })
  );

  test(
    "losses that layers add are the caller's",
    withoutLeak(async () => {
      const added: Tensor[] = [];
      const y = inside(writer).apply({}, tf.tensor2d([[1, 2]]), {addLoss: (loss) => added.push(loss)});
      await expectClose(y, [2, 4]);
      expect(added).toHaveLength(1);
      await expectClose(added[0] as Tensor, [2.5]);
    })
  );

  test(
    "embeddings leave their ids as tokens",
    withoutLeak(async () => {
      const sum: Layer = {
        name: "sum",
        init: () => ({}),
        apply: (_params, x, context) => tf.add(x, tf.expandDims(context?.left?.("tokens") as Tensor, -1))
      };
      const model = ops.sequential([ops.embedding({count: 5, features: 1}), sum]);
      const params = {embedding1: {table: tf.zeros([5, 1])}};
      await expectClose(model.apply(params, tf.tensor2d([[4, 2]], [1, 2], "int32")), [4, 2]);
    })
  );

  test("fit makes small what layers add: the gradient of both losses in one step", async () => {
    const before = tf.memory().numTensors;
    /** w x, adding half of the squares of w. */
    const weighed: Layer<{w: Tensor}> = {
      name: "weighed",
      init: () => ({w: tf.tensor1d([3])}),
      apply({w}, x, context) {
        context?.addLoss?.(tf.mul(tf.sum(tf.square(w)), 0.5));
        return tf.mul(x, w);
      }
    };
    const data = {
      name: "line",
      inputs: new Float32Array([1]),
      inputShape: [1],
      targets: new Float32Array([1]),
      targetShape: [1]
    };
    const training = ops.fit(ops.sequential([weighed]), data as never, {
      steps: 1,
      optimizer: ops.sgd({learningRate: 0.1})
    });
    const rows = [];
    for await (const row of training) rows.push(row);
    // (3 - 1)^2 + 9 / 2; w - 0.1 (2 (3 - 1) + 3).
    expect(rows[0]?.loss).toBeCloseTo(8.5, 5);
    await expectClose((training.params as {weighed1: {w: Tensor}}).weighed1.w, [2.3]);
    training.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
