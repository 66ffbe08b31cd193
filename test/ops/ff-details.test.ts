// What a network as a whole does not show: shares, keys and states, each told apart from what would look like it.
import {beforeAll, describe, expect, test} from "vitest";
import {valueAndGrad} from "../../src/ops/core/grad.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {searchedDescent} from "./ff-descent-reference.ts";
import {learnOnce} from "./ff-rule-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf, batchNorm, dense, dropout, initState, key, mlp, random, sequential, tree, zeros} = ops;
const ff = ops.forwardForward;

type Layers = {kernel: Tensor; bias: Tensor};
type States = Record<string, Record<string, Tensor>>;
const labels = () => tf.tensor1d([0, 1, 2, 2, 1, 0], "int32");
const column = (rows: number, of: (i: number) => number) => ({
  rows,
  columns: 1,
  values: Float64Array.from({length: rows}, (_, i) => of(i))
});
const numbersOf = async (tensor: Tensor | undefined) => Array.from((await tensor?.data()) ?? []);

describe("details of forward-forward", () => {
  beforeAll(() => use("cpu"));

  test("boosting goes the share of a step that it is told, each with features of its own", () => {
    const [x, y] = [column(40, (i) => i / 20 - 1), column(40, (i) => Math.sin(i / 5))];
    const fitted = (rate: number) =>
      ff.randomFeatureBoosting(x, y, {layers: 2, features: 6, width: 6, rate, key: key(1)});
    const [whole, half] = [fitted(1), fitted(0.5)];
    const firstOf = ({steps}: typeof whole) => Array.from(steps[0]?.map.values ?? []);
    firstOf(half).forEach((value, i) => {
      expect(value).toBeCloseTo((firstOf(whole)[i] as number) / 2, 10);
    });
    expect(whole.steps[0]?.features.values).not.toEqual(whole.steps[1]?.features.values);
  });

  test("block coordinate descent makes each block as good as it gets, the moves on either side of the ReLU paid for", () => {
    const examples = [-2, -0.5, 1, 1.5].map((x, i) => ({x, y: [1, -1, 0.5, 2][i] as number}));
    const line = {
      name: "line",
      inputs: Float32Array.from(examples, ({x}) => x),
      inputShape: [1],
      labels: new Int32Array(),
      classes: 0,
      targets: Float32Array.from(examples, ({y}) => y)
    };
    // From these keys, and where moves cost this much, a unit is worth moving to the other side of its ReLU only without that price.
    const costs = {alpha: 30, gamma: 3, rho: 0.5};
    for (const own of [2, 6].map(key)) {
      const rows = [...ff.blockCoordinateDescent(line, {hidden: [1], epochs: 10, ...costs, key: own})];
      const [first = NaN, last = NaN] = [0, 1].flatMap((l) => [...own.fold(l).normal(1, 0, Math.SQRT2)]);
      searchedDescent(examples, costs, [first, last], 10).forEach(({objective, moved}, i) => {
        expect(rows[i + 1]?.objective).toBeCloseTo(objective, 6);
        expect(rows[i + 1]?.moved).toBeCloseTo(moved, 6);
      });
    }
  });

  test("a memory draws its winners by how familiar an input is", () => {
    const memory = new ff.SdrMemory({inputs: 10, modules: 1, units: 3, gain: 1});
    const {winners} = memory.store([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], key(1));
    // Three of four ones are known: u = 0.75 for the winner, and the familiarity is the same.
    const draws = 6000;
    let same = 0;
    for (let i = 0; i < draws; ++i)
      if (memory.code([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], key(7).fold(i)).winners[0] === winners[0]) ++same;
    const certain = ((0.75 - 0.1) / 0.9) ** 2;
    const odds = (u: number) => 1 + (3 * certain) / (1 + Math.exp(-20 * (u - 0.7)));
    const share = odds(0.75) / (odds(0.75) + 2 * odds(0));
    expect(Math.abs(same / draws - share)).toBeLessThan(0.02);
  });

  test("spins without a temperature rest when none of them turns", () => {
    const patterns = ff.randomPatterns(key(1), {rows: 1, size: 20});
    const memory = ff.denseHebbian(ff.noisyExamples(key(2), patterns, {count: 1, quality: 1}));
    expect(ff.retrieve(memory, patterns.values, {key: key(3)}).energies).toHaveLength(2);
  });

  test(
    "every layer and every point has feedback of its own",
    withoutLeak(async () => {
      const stacked = initState(ff.feedbackAlignment({layers: [4, 4, 4]}) as Layer, [4], key(1)) as States;
      const {layer2, layer3} = stacked.feedbackAlignment as Record<string, Tensor>;
      expect(await numbersOf(layer2)).not.toEqual(await numbersOf(layer3));
      const network = ff.feedbackPoints(mlp([4, 5, 5, 3]), {points: ["dense1", "dense2"]});
      const {dense1, dense2} = (initState(network as Layer, [4], key(1)) as States).feedbackPoints ?? {};
      expect(dense1?.shape).toEqual(dense2?.shape);
      expect(await numbersOf(dense1)).not.toEqual(await numbersOf(dense2));
    })
  );

  test(
    "feedback of cascaded blocks keeps the size of an error; shares are means of softmax",
    withoutLeak(async () => {
      const rule = ff.cascadedForward({blocks: "feedback", predict: "shares"});
      const blocks = [300, 200].map((units) => dense({units, activation: "relu"}) as Layer);
      const model = ff.localNetwork({blocks, rule, classes: 5});
      const state = initState(model as never, [4], key(1)) as States;
      const [size = 0] = await tf.mean(tf.square(state.block1?.feedback as Tensor)).data();
      expect(Math.abs(5 * size - 1)).toBeLessThan(0.15);
      const params = model.init(key(2), [4]);
      const x = random.normal(key(3), [2, 4]);
      let at = x as Tensor;
      const shares = blocks.map((block, i) => {
        const own = params[`block${i + 1}`] as unknown as {
          layer: Params;
          rule: Record<"kernel" | "bias", Tensor>;
        };
        at = block.apply(own.layer, at);
        return tf.softmax(tf.add(tf.matMul(at, own.rule.kernel), own.rule.bias));
      });
      const wanted = tf.log(tf.mul(tf.addN(shares), 0.5));
      await expectClose(model.apply(params, x, {state}), await numbersOf(wanted));
    })
  );

  test(
    "learned embeddings go down the whole objective, the blocks' part in it too",
    withoutLeak(async () => {
      const model = ff.noProp({classes: 3, blocks: 2, embedding: 4, output: "embedding", eta: 3});
      const params = model.init(key(1), [5]);
      const x = random.normal(key(2), [6, 5]);
      const y = labels();
      const {table} = params.embedding as {table: Tensor};
      const along = random.normal(key(3), table.shape);
      const at = async (by: number) => {
        const moved = {...params, embedding: {table: tf.add(table, tf.mul(along, by))}};
        const {updates, learned} = learnOnce(model as never, moved as Params, x, y);
        const [loss = NaN] = await learned.loss.data();
        const own = tf.clone((updates.embedding as {table: Tensor}).table);
        tree.dispose(updates as unknown as Params);
        return {loss, own};
      };
      const step = 0.01;
      const difference = ((await at(step)).loss - (await at(-step)).loss) / (2 * step);
      const [slope = NaN] = await tf.sum(tf.mul((await at(0)).own, along)).data();
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * Math.abs(difference) + 2e-3);
    })
  );

  test(
    "NoProp answers with fresh noise in every step, of the size that the schedule says",
    withoutLeak(async () => {
      const {b, c} = ff.noiseSchedule(3);
      const none = (outputs: number) => dense({units: outputs, kernelInit: zeros}) as Layer;
      const model = ff.noProp({classes: 4, blocks: 3, output: "embedding", block: none});
      const params = model.init(key(1), [2]);
      const seen: Tensor[] = [];
      const tap = (path: string, given: Tensor) => {
        if (/^z\d$/.test(path)) seen.push(given);
        return given;
      };
      model.apply(params, tf.zeros([500, 2]), {tap, key: key(5)});
      expect(seen).toHaveLength(4);
      // Where blocks guess zeros, z_t is b_t z_(t-1) and noise of variance c_t.
      const noises = [1, 2, 3].map((t) => {
        const kept = tf.mul(seen[t - 1] as Tensor, b[t] as number);
        return tf.div(tf.sub(seen[t] as Tensor, kept), Math.sqrt(c[t] as number));
      });
      const all = [seen[0] as Tensor, ...noises];
      for (const [i, one] of all.entries())
        for (const [j, other] of all.entries()) {
          const [product = NaN] = await tf.mean(tf.mul(one, other)).data();
          expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(0.12);
        }
    })
  );

  test(
    "diffusion blocks take several steps through their intervals, at equal ratios",
    withoutLeak(async () => {
      const none = (outputs: number) => dense({units: outputs, kernelInit: zeros}) as Layer;
      const model = ff.diffusionBlocks({outputs: 3, blocks: 2, stepsPerBlock: 3, block: none});
      const params = model.init(key(1), [2]);
      const seen: Tensor[] = [];
      const tap = (path: string, given: Tensor) => {
        if (path.startsWith("guess")) seen.push(given);
        return given;
      };
      model.apply(params, tf.zeros([2, 2]), {tap});
      const {borders} = ff.noiseIntervals(2);
      const levels = [0, 1].flatMap((t) => {
        const [from, to] = [borders[t] as number, borders[t + 1] as number];
        return [0, 1, 2].map((step) => from * (to / from) ** (step / 3));
      });
      const skip = (sigma: number) => 0.25 / (sigma * sigma + 0.25);
      expect(seen).toHaveLength(6);
      // A network that says nothing leaves c_skip z, and z is drawn to it by Euler's steps.
      for (let i = 1; i < 6; ++i) {
        const [sigma, next] = [levels[i - 1] as number, levels[i] as number];
        const z = next / sigma / skip(sigma) + (1 - next / sigma);
        const wanted = (await numbersOf(seen[i - 1])).map((guess) => guess * z * skip(next));
        await expectClose(seen[i] as Tensor, wanted, {rtol: 1e-3, atol: 1e-7});
      }
    })
  );

  test(
    "rows of NoProp in continuous time are reckoned without the dropout that it learns with",
    withoutLeak(async () => {
      const block = (outputs: number) =>
        sequential([dense({units: 9, activation: "relu"}), dropout(0.5), dense({units: outputs})]) as Layer;
      const model = ff.noPropCT({classes: 3, steps: 2, block});
      const params = model.init(key(1), [5]);
      const x = random.normal(key(2), [6, 5]);
      const {updates, learned, state} = learnOnce(model as never, params, x, labels());
      const told = learned.outputs() as Tensor;
      await expectClose(told, await numbersOf(model.apply(params, x, {key: key(3)})));
      tree.dispose([updates, state] as unknown as Params);
    })
  );

  test(
    "running means are those of the network as it is, not of perturbed ones",
    withoutLeak(async () => {
      const network = sequential([dense({units: 4}), batchNorm(), dense({units: 3})]);
      const model = ff.seededPerturbations(network, {samples: 3, deviation: 1});
      const params = model.init(key(1), [5]);
      const x = random.normal(key(2), [6, 5]);
      const {updates, state} = learnOnce(model as never, params as Params, x, labels());
      const begun = initState(network as Layer, [5], key(3)) as States;
      const plain: States = {};
      network.apply(params, x, {
        training: true,
        state: begun,
        setState: (path, next) => {
          plain[path] = next as Record<string, Tensor>;
        }
      });
      const [path] = Object.keys(plain) as [string];
      await expectClose(state[path]?.mean as Tensor, await numbersOf(plain[path]?.mean));
      tree.dispose([updates, state, begun] as unknown as Params);
    })
  );

  test(
    "the projections of Mono-Forward begin as they are told to",
    withoutLeak(async () => {
      const blocks = [4, 2].map((units) => dense({units}) as Layer);
      const rule = ff.monoForward({projectionInit: (_key, shape) => tf.fill([...shape], shape[0] as number)});
      const params = ff.localNetwork({blocks, rule, classes: 3}).init(key(1), [5]) as unknown as Record<
        string,
        {rule: {projection: Tensor}}
      >;
      for (const [i, units] of [4, 2].entries())
        await expectClose(
          params[`block${i + 1}`]?.rule.projection as Tensor,
          new Array(units * 3).fill(units)
        );
    })
  );

  test(
    "what a step asks for, and its loss, can be differentiated themselves, where they are computed in another way otherwise",
    withoutLeak(async () => {
      const options = {labels: ff.labelAsInput()};
      const rules = [
        ff.forwardForward({...options, threshold: 1}),
        ff.forwardForward({...options, threshold: 1, peer: {weight: 50, momentum: 0.5}}),
        ff.symba(options),
        ff.layerCollaboration(options)
      ];
      // A block with a ReLU goes through that kernel, others by slopes that are held constant.
      const both = rules.flatMap((rule) =>
        (["relu", "tanh"] as const).map((activation) => ({rule, activation}))
      );
      for (const {rule, activation} of both) {
        const blocks = [4, 3].map((units) => dense({units, activation}) as Layer);
        const model = ff.localNetwork({blocks, rule, classes: 3}) as unknown as Layer;
        const params = model.init(key(1), [5]) as Record<string, {layer: Layers}>;
        const state = initState(model, [5]);
        const x = random.normal(key(2), [6, 5]);
        const kept: Tensor[] = [];
        let update: number[] = [];
        const step = (at: Params) =>
          model.learning?.learn(at, x, labels(), {
            training: true,
            key: key(3),
            state,
            setState() {},
            update: (name, grads) => {
              if (name !== "block1") return;
              const {kernel} = (grads as {layer: Layers}).layer;
              update = [...kernel.dataSync()];
              kept.push(tf.keep(tf.sum(tf.square(kernel))));
            }
          }).loss as Tensor;
        const askedFor = (at: Params): Tensor => {
          step(at);
          return kept.at(-1) as Tensor;
        };
        /** How much a number changes as these kernels move a little, by its slopes and by what it is there. */
        const expectSlope = async (of: (at: Params) => Tensor, names: readonly string[]) => {
          const moves = names.map((name, i) =>
            tf.mul(random.normal(key(4).fold(i), params[name]?.layer.kernel.shape as number[]), 1e-3)
          );
          const moved = (by: number) => {
            const at = {...params};
            names.forEach((name, i) => {
              const {kernel, bias} = (params[name] as {layer: Layers}).layer;
              at[name] = {layer: {kernel: tf.add(kernel, tf.mul(moves[i] as Tensor, by)), bias}};
            });
            return of(at as Params).dataSync()[0] as number;
          };
          const wanted = (moved(1) - moved(-1)) / 2;
          expect(Math.abs(wanted)).toBeGreaterThan(1e-5);
          const [, slopes] = valueAndGrad(of)(params as Params);
          const found = names.map((name, i) =>
            tf.sum(tf.mul((slopes as typeof params)[name]?.layer.kernel as Tensor, moves[i] as Tensor))
          );
          await expectClose(tf.addN(found), [wanted], {rtol: 0.02});
        };
        step(params as Params);
        const plain = update;
        await expectSlope(askedFor, ["block1", "block2"]);
        await expectClose(tf.tensor1d(update), plain);
        // What the last block is given hangs on no kernel before it, as far as slopes tell.
        await expectSlope(step, ["block2"]);
        tf.dispose(kept);
      }
    })
  );
});
