import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import {leafProbabilities} from "../../src/ops/moe/layers/decision-tree.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {addedLosses, expectLearns, expectTrueLayer} from "./moe-layer-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {decisionEntropy, fastFeedforward, leafBalanceLoss} = ops.moe;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Numbers of a tensor, row by row. */
async function rowsOf(x: Tensor): Promise<number[][]> {
  const width = x.shape.at(-1) as number;
  const all = Array.from(await x.data());
  return Array.from({length: all.length / width}, (_, row) => all.slice(row * width, (row + 1) * width));
}

/** The leaf that a row of numbers comes to, node after node. */
function walk(kernel: number[][], bias: number[], x: number[], depth: number): number {
  let node = 0;
  for (let level = 0; level < depth; ++level) {
    const logit = x.reduce(
      (sum, value, i) => sum + value * (kernel[node]?.[i] as number),
      bias[node] as number
    );
    node = 2 * node + (logit >= 0 ? 2 : 1);
  }
  return node - (2 ** depth - 1);
}

/** Fast feedforward networks. */
export function treeCases(backend: BackendName): void {
  describe(`fast feedforward on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the probability of a leaf is the product of those on its way",
      withoutLeak(async () => {
        const leaves = leafProbabilities(tf.tensor2d([[0.2, 0.5, 0.9]]));
        await expectClose(leaves, [0.8 * 0.5, 0.8 * 0.5, 0.2 * 0.1, 0.2 * 0.9]);
      })
    );

    test(
      "the entropy of decisions is exact, and 0 where they are certain",
      withoutLeak(async () => {
        const p = sigmoid(0.7);
        const entropy = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
        await expectClose(decisionEntropy(tf.tensor2d([[0.7, -0.7]])), [entropy]);
        await expectClose(decisionEntropy(tf.tensor2d([[0, 60, -90]])), [Math.LN2 / 3]);
      })
    );

    test(
      "the balance of leaves is that of rounded shares and probabilities",
      withoutLeak(async () => {
        const logits = [
          [1, -1, 2],
          [-0.5, 3, 1],
          [0.25, 0.5, -2]
        ];
        const soft = [0, 0, 0, 0];
        const hard = [0, 0, 0, 0];
        for (const [root, left, right] of logits as [number, number, number][]) {
          const below = root >= 0 ? right : left;
          const own = (root >= 0 ? 2 : 0) + (below >= 0 ? 1 : 0);
          hard[own] = (hard[own] as number) + 1 / 3;
          const [r, a, b] = [sigmoid(root), sigmoid(left), sigmoid(right)];
          const all = [(1 - r) * (1 - a), (1 - r) * a, r * (1 - b), r * b];
          for (const [i, each] of all.entries()) soft[i] = (soft[i] as number) + each / 3;
        }
        const sum = soft.reduce((total, each, i) => total + each * (hard[i] as number), 0);
        await expectClose(leafBalanceLoss(tf.tensor2d(logits)), [4 * sum]);
        await expectClose(leafBalanceLoss(tf.tensor2d([[50, 0, 50]])), [4]);
      })
    );

    test(
      "hard decisions compute one leaf, the one that a walk comes to",
      withoutLeak(async () => {
        const depth = 3;
        const layer = fastFeedforward({depth, leafUnits: 4, units: 2});
        const params = layer.init(ops.key(1), [5]);
        const x = ops.random.normal(ops.key(2), [9, 5]);
        const kernel = await rowsOf(params.nodes.kernel);
        const bias = Array.from(await params.nodes.bias.data());
        const wanted = (await rowsOf(x)).map((row) => walk(kernel, bias, row, depth));
        expect(Array.from(await layer.leaves(params, x).data())).toEqual(wanted);
        expect(new Set(wanted).size).toBeGreaterThan(2);
        const y = layer.apply(params, x);
        // Leaves that nobody comes to may hold anything.
        const isUsed = tf.tensor1d(
          Array.from({length: 8}, (_, leaf) => (wanted.includes(leaf) ? 0 : Number.NaN))
        );
        const {in: first, out} = params.leaves;
        const spoilt = {...first, bias: tf.add(first.bias as Tensor, tf.expandDims(isUsed, 1))};
        const other = layer.apply({...params, leaves: {in: spoilt, out}}, x);
        await expectClose(other, Array.from(await y.data()));
        // Certain decisions make training the same.
        const certain = {kernel: tf.mul(params.nodes.kernel, 1e4), bias: tf.mul(params.nodes.bias, 1e4)};
        const soft = layer.apply({...params, nodes: certain}, x, {training: true});
        await expectClose(soft, Array.from(await y.data()));
      })
    );

    test(
      "training mixes all leaves by the probabilities of their paths",
      withoutLeak(async () => {
        const layer = fastFeedforward({depth: 1, leafUnits: 1, units: 1, activation: "linear"});
        const params = {
          nodes: {kernel: tf.tensor2d([[2]]), bias: tf.tensor1d([-1])},
          leaves: {
            in: {kernel: tf.tensor3d([3, 5], [2, 1, 1]), bias: tf.tensor2d([0, 1], [2, 1])},
            out: {kernel: tf.tensor3d([1, -1], [2, 1, 1]), bias: tf.tensor2d([0.5, 0.25], [2, 1])}
          }
        };
        const p = sigmoid(2 * 0.75 - 1);
        const wanted = (1 - p) * (3 * 0.75 + 0.5) + p * (-(5 * 0.75 + 1) + 0.25);
        await expectClose(layer.apply(params, tf.tensor2d([[0.75]]), {training: true}), [wanted]);
        await expectClose(layer.apply(params, tf.tensor2d([[0.75]])), [-(5 * 0.75 + 1) + 0.25]);
      })
    );

    test(
      "a master leaf computes every token and is mixed in by a learned number",
      withoutLeak(async () => {
        const options = {depth: 2, leafUnits: 3, units: 2};
        const layer = fastFeedforward({...options, masterUnits: 4});
        const {mix, master, ...rest} = layer.init(ops.key(1), [3]);
        if (!mix || !master) throw new Error("No master leaf.");
        const x = ops.random.normal(ops.key(2), [4, 3]);
        const tree = fastFeedforward(options).apply(rest, x);
        const {in: first, out} = master;
        const hidden = tf.relu(
          tf.add(tf.matMul(x, tf.squeeze(first.kernel, [0])), tf.squeeze(first.bias as Tensor, [0]))
        );
        const always = tf.add(
          tf.matMul(hidden, tf.squeeze(out.kernel, [0])),
          tf.squeeze(out.bias as Tensor, [0])
        );
        const k = sigmoid(0.5);
        const wanted = tf.add(tf.mul(tree, k), tf.mul(always, 1 - k));
        await expectClose(layer.apply({...rest, mix, master}, x), Array.from(await wanted.data()));
      })
    );

    test(
      "training adds both losses by their weights, evaluation none",
      withoutLeak(async () => {
        const layer = fastFeedforward({depth: 2, leafUnits: 2, hardening: 3, balance: 0.5});
        const params = layer.init(ops.key(1), [4]);
        const x = ops.random.normal(ops.key(2), [6, 4]);
        const logits = layer.logits(params, x);
        const [entropy] = await decisionEntropy(logits).data();
        const [balance] = await leafBalanceLoss(logits).data();
        const [first, second] = await addedLosses(layer as Layer, params, x);
        expect(first).toBeCloseTo(3 * (entropy as number), 4);
        expect(second).toBeCloseTo(0.5 * (balance as number), 4);
        expect(await addedLosses(layer as Layer, params, x, {training: false})).toEqual([]);
      })
    );

    test(
      "transposition sends tokens to the other branch while training",
      withoutLeak(async () => {
        const layer = fastFeedforward({depth: 1, leafUnits: 1, units: 1, transposition: 0.25});
        const {leaves} = layer.init(ops.key(1), [1]);
        const out = {...leaves.out, kernel: tf.zeros([2, 1, 1]), bias: tf.tensor2d([0, 1], [2, 1])};
        const nodes = {kernel: tf.zeros([1, 1]), bias: tf.tensor1d([-80])};
        const context = {training: true, key: ops.key(3)};
        const y = layer.apply({nodes, leaves: {...leaves, out}}, tf.ones([2000, 1]), context);
        const [mean] = await tf.mean(y).data();
        expect(mean).toBeGreaterThan(0.2);
        expect(mean).toBeLessThan(0.3);
      })
    );

    test(
      "derivatives",
      withoutLeak(async () => {
        const layer = fastFeedforward({
          depth: 2,
          leafUnits: 2,
          units: 3,
          masterUnits: 2,
          activation: "tanh"
        });
        await expectTrueLayer(layer as Layer, [4], {context: {training: true}});
      })
    );

    test("fit trains it, and hard decisions keep what soft ones learned", async () => {
      const layer = fastFeedforward({depth: 2, leafUnits: 12, hardening: 0.3, balance: 0.01, masterUnits: 8});
      await expectLearns(layer as Layer, [4], {steps: 150});
    });

    test("a level more costs one decision more", () => {
      const [four, five] = [4, 5].map((depth) =>
        ops.flops(fastFeedforward({depth, leafUnits: 8}) as Layer, [16])
      ) as [number, number];
      expect(five - four).toBe(2 * 16);
    });

    test("wrong calls say what to pass", () => {
      expect(() => fastFeedforward({depth: 0, leafUnits: 2})).toThrow(
        /depth must be a whole number of at least 1/
      );
      expect(() => fastFeedforward({depth: 2, leafUnits: 2.5})).toThrow(/leafUnits must be a whole number/);
      expect(() => fastFeedforward({depth: 2, leafUnits: 2, transposition: 0.7})).toThrow(/transposition/);
      expect(() => decisionEntropy(tf.zeros([3]))).toThrow(/expected logits \[tokens, nodes\], got \[3\]/);
      const layer = fastFeedforward({depth: 2, leafUnits: 2});
      const params = layer.init(ops.key(0), [4]);
      expect(() => layer.apply(params, tf.zeros([3, 5]))).toThrow(
        /expected an input of shape \[batch, ..., 4\]/
      );
    });
  });
}
