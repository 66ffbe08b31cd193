import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {ForwardGraphOptions} from "../../src/ops/forward-forward/graph/forward-graph.ts";
import type {GraphTensors} from "../../src/ops/forward-forward/graph/node-graph.ts";
import {normalizedLinks, withClassNodes} from "../../src/ops/forward-forward/graph/node-graph.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {gcn} from "../../src/ops/zoo/gcn.ts";
import {type Updates, updatesOf} from "./ff-feedback-support.ts";
import {answerFromAbove, lossesOf, type SmallGraph, stepFromAbove} from "./ff-graph-reference.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {
  tf,
  tree,
  key,
  activationsOf,
  adam,
  accuracy,
  gcnAdjacency,
  initState,
  sequential,
  softmaxCrossEntropy
} = ops;
const {forwardGraph, onNodes} = ops.forwardForward;

const METHODS = ["single", "appended", "virtual"] as const;
const WAYS: Pick<ForwardGraphOptions, "method" | "topDown">[] = [
  ...METHODS.map((method) => ({method})),
  {topDown: true}
];

const small: SmallGraph = {
  nodes: 6,
  classes: 3,
  edges: [[0, 1], [1, 2], [2, 3], [4, 3], [0, 4]], // biome-ignore format: pairs
  labels: [0, 1, 2, 0, 1, 2],
  labelled: [0, 1, 5]
};

type Rows = number[][];

interface Plain {
  kernel: Float64Array;
  bias: Float64Array;
}

async function plainOf(params: Record<string, {kernel: Tensor; bias: Tensor}>): Promise<Plain[]> {
  const plain: Plain[] = [];
  for (const {kernel, bias} of Object.values(params))
    plain.push({
      kernel: Float64Array.from(await kernel.data()),
      bias: Float64Array.from(await bias.data())
    });
  return plain;
}

/** Of every layer what it was asked for is the slope of its own loss. */
async function expectSlopes(
  updates: Updates,
  plain: readonly Plain[],
  losses: () => number[]
): Promise<void> {
  for (const [l, each] of plain.entries())
    for (const name of ["kernel", "bias"] as const) {
      const values = each[name];
      const slopes = Array.from(values, (value, i) => {
        const at = (step: number) => {
          values[i] = value + step;
          return losses()[l] as number;
        };
        const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        values[i] = value;
        return slope;
      });
      const found = updates[`layer${l + 1}`]?.[name] as Tensor;
      await expectClose(found, slopes, {rtol: 1e-3, atol: 2e-5});
    }
}

/** Networks of graphs whose layers learn alone. */
export function graphCases(backend: BackendName): void {
  describe(`graphs on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "each layer learns what its own loss asks for, in double precision and by finite differences",
      withoutLeak(async () => {
        for (const method of METHODS) {
          const model = forwardGraph({graph: small, units: [5, 4], method, threshold: 0.4, temperature: 0.5});
          const params = model.init(key(1), [6, 4]) as Record<string, {kernel: Tensor; bias: Tensor}>;
          for (const each of Object.values(params)) each.bias = tf.fill(each.bias.shape, 0.1);
          const state = initState(model as Layer, [6, 4], key(2));
          const x = ops.random.normal(key(3), [1, 6, 4]);
          const y = tf.tensor2d([small.labels as number[]], [1, 6], "int32");
          const {updates, learned} = updatesOf(model, params, x, y, {state});
          const rows = ((await x.array()) as Rows[])[0] as Rows;
          const virtual = (await (state.forwardGraph as unknown as GraphTensors).virtual.array()) as Rows;
          const plain = await plainOf(params);
          const losses = () =>
            lossesOf(method, small, rows, virtual, plain, {threshold: 0.4, temperature: 0.5});
          const wanted = losses();
          await expectClose(tf.stack(learned.figures as Tensor[]), wanted);
          await expectClose(learned.loss, [(wanted[0] as number) + (wanted[1] as number)]);
          await expectSlopes(updates, plain, losses);
          tree.dispose(updates as Params);
        }
      })
    );

    test(
      "layers that also hear the one above learn what their own losses ask for, by turns, and answer after ten passes",
      withoutLeak(async () => {
        const units = [5, 4, 6];
        const model = forwardGraph({graph: small, units, topDown: true, temperature: 0.5});
        const params = model.init(key(1), [6, 4]) as Record<string, {kernel: Tensor; bias: Tensor}>;
        expect(Object.values(params).map(({kernel}) => kernel.shape)).toEqual([[4 + 4, 5], [5 + 6, 4], [4 + 3, 6]]); // biome-ignore format: shapes
        for (const each of Object.values(params)) each.bias = tf.fill(each.bias.shape, 0.1);
        const begun = initState(model as Layer, [6, 4], key(2));
        const told = Object.fromEntries(
          units.map((count, i) => [
            `layer${i + 1}`,
            tf.abs(ops.random.normal(key(5).fold(i), [small.nodes + small.classes, count]))
          ])
        );
        const state = {forwardGraph: {...(begun.forwardGraph as Record<string, Tensor>), told}};
        const x = ops.random.normal(key(3), [1, 6, 4]);
        const y = tf.tensor2d([small.labels as number[]], [1, 6], "int32");
        const {updates, states, learned} = updatesOf(model, params, x, y, {state});
        const rows = ((await x.array()) as Rows[])[0] as Rows;
        const virtual = (await (begun.forwardGraph as unknown as GraphTensors).virtual.array()) as Rows;
        const before: Rows[] = [];
        for (const each of Object.values(told)) before.push((await each.array()) as Rows);
        const plain = await plainOf(params);
        const step = () => stepFromAbove(small, rows, virtual, plain, {told: before, temperature: 0.5});
        const wanted = step();
        await expectClose(tf.stack(learned.figures as Tensor[]), wanted.losses);
        await expectClose(learned.loss, [wanted.losses.reduce((sum, loss) => sum + loss, 0)]);
        await expectSlopes(updates, plain, () => step().losses);
        const now = (states.forwardGraph as unknown as {told: Record<string, Tensor>}).told;
        for (const [i, each] of Object.values(now).entries())
          await expectClose(each, (wanted.told[i] as Rows).flat());
        const answer = answerFromAbove(small, rows, virtual, plain, 0.5);
        await expectClose(model.apply(params, x, {state}), answer.flat());
        tree.dispose([updates, states] as unknown as Params);
      })
    );

    test(
      "fit trains each method on a graph, steps recorded",
      withoutLeak(async () => {
        const data = ops.datasets.stochasticBlockModel({nodes: 36, seed: 1, features: 8});
        const graph = {...data, nodes: 36, classes: 3, labelled: [0, 1, 2, 3, 4, 5]};
        for (const way of WAYS) {
          const model = forwardGraph({graph, units: way.topDown ? [8, 6] : [8], ...way});
          const rows: FitRow[] = [];
          const training = ops.fit(model, data, {
            steps: 8,
            logEvery: 4,
            optimizer: adam({learningRate: 0.03})
          });
          for await (const row of training) rows.push(row);
          expect((rows.at(-1) as FitRow).loss).toBeLessThan((rows[0] as FitRow).loss);
          const {loss, loss1, loss2 = 0} = rows[0] as FitRow;
          expect((loss1 as number) + (loss2 as number)).toBeCloseTo(loss, 5);
          if (backend === "webgpu") expect(training.plan).toMatchObject({status: "recorded"});
          training.dispose();
        }
      }),
      120_000
    );
    if (backend === "webgpu") return;

    test(
      "links are normalised as in a graph convolution, virtual nodes behind the others",
      withoutLeak(async () => {
        const links = tf.tensor2d([0, 1, 0, 1, 0, 1, 0, 1, 0], [3, 3]);
        const wanted = gcnAdjacency(3, [[0, 1], [1, 2]]); // biome-ignore format: pairs
        await expectClose(normalizedLinks(links), Array.from(await wanted.data()), {atol: 1e-6});
        const joined = withClassNodes(links, tf.tensor2d([1, 0, 0, 0, 0, 1], [3, 2]));
        const same = gcnAdjacency(5, [[0, 1], [1, 2], [0, 3], [2, 4]]); // biome-ignore format: pairs
        await expectClose(normalizedLinks(joined), Array.from(await same.data()), {atol: 1e-6});
        // Each node is linked to itself once, whether the edges say so or not.
        const linksOf = (edges: SmallGraph["edges"]) => {
          const model = forwardGraph({graph: {...small, edges}, units: [4]}) as Layer;
          return (initState(model, [6, 4]).forwardGraph as GraphTensors).links;
        };
        const plain = linksOf(small.edges);
        await expectClose(linksOf([...small.edges, [2, 2]]), Array.from(await plain.data()), {atol: 0});
      })
    );

    test(
      "an answer takes no label but those of labelled nodes, and layers learn without the ones above",
      withoutLeak(async () => {
        const others = small.labels.map((label, node) =>
          small.labelled.includes(node) ? label : (label + 1) % 3
        );
        const x = ops.random.normal(key(3), [1, 6, 4]);
        const y = tf.tensor2d([small.labels as number[]], [1, 6], "int32");
        for (const way of WAYS) {
          const options = {units: [5, 4], ...way};
          const [one, two] = [small.labels, others].map((labels) =>
            forwardGraph({graph: {...small, labels}, ...options})
          ) as [ReturnType<typeof forwardGraph>, ReturnType<typeof forwardGraph>];
          const params = one.init(key(1), [6, 4]);
          const state = initState(one as Layer, [6, 4], key(2));
          const scores = one.apply(params, x, {state});
          expect(scores.shape).toEqual([1, 6, 3]);
          const wanted = Array.from(await scores.data());
          await expectClose(two.apply(params, x, {state: initState(two as Layer, [6, 4], key(2))}), wanted, {
            atol: 0,
            rtol: 0
          });
          const first = updatesOf(one, params, x, y, {state});
          const changed = {...params, layer2: one.init(key(9), [6, 4]).layer2 as Params};
          const again = updatesOf(one, changed, x, y, {state});
          const kernel = first.updates.layer1?.kernel as Tensor;
          await expectClose(again.updates.layer1?.kernel as Tensor, Array.from(await kernel.data()), {
            atol: 0,
            rtol: 0
          });
          tree.dispose([first.updates, again.updates, first.states, again.states] as unknown as Params);
        }
      })
    );

    test(
      "with topDown, what layers tell begins at zero and goes on from a saved training with the same bits",
      withoutLeak(async () => {
        const data = ops.datasets.stochasticBlockModel({nodes: 36, seed: 1, features: 8});
        const graph = {...data, nodes: 36, classes: 3, labelled: [0, 1, 2, 3, 4, 5]};
        const options = {steps: 5, logEvery: 1, optimizer: adam({learningRate: 0.03}), key: key(4)};
        for (const units of [[8], [8, 6]]) {
          const model = forwardGraph({graph, units, topDown: true});
          const {told} = initState(model as Layer, [36, 8]).forwardGraph as {told: Record<string, Tensor>};
          for (const [i, each] of Object.values(told).entries())
            await expectClose(each, new Array(39 * (units[i] as number)).fill(0), {atol: 0});
          const whole = ops.fit(model, data, options);
          let file: Uint8Array | undefined;
          for await (const {step} of whole) if (step === 3) file = await whole.save();
          const rest = ops.fit(model, data, {...options, resume: file as Uint8Array});
          for await (const _ of rest);
          const [wanted, found] = [whole, rest].map(({state: {params, modelState}}) =>
            tree.leaves<Tensor>([params, modelState] as unknown as Params)
          ) as [Tensor[], Tensor[]];
          expect(found.length).toBe(2 * units.length + 3 + units.length);
          for (const [i, each] of found.entries())
            await expectClose(each, Array.from(await (wanted[i] as Tensor).data()), {atol: 0, rtol: 0});
          whole.dispose();
          rest.dispose();
        }
      })
    );

    test(
      "inside a network a graph has its state and its layers under its path, and goes on with what a tap returns",
      withoutLeak(async () => {
        const x = ops.random.normal(key(3), [1, 6, 4]);
        const y = tf.tensor2d([small.labels as number[]], [1, 6], "int32");
        for (const way of WAYS) {
          const inner = forwardGraph({graph: small, units: [5, 4], ...way});
          const model = sequential([inner as Layer]);
          const params = model.init(key(1), [6, 4]);
          const state = initState(model as Layer, [6, 4], key(2));
          const own = params.forwardGraph1 as Parameters<typeof inner.apply>[0];
          const alone = inner.apply(own, x, {state: {forwardGraph: state.forwardGraph1 as Params}});
          const scores = model.apply(params, x, {state});
          await expectClose(scores, Array.from(await alone.data()), {atol: 0, rtol: 0});
          const seen = activationsOf(model, params, x, {state});
          expect(Object.keys(seen)).toEqual(["layer1", "layer2"].map((name) => `forwardGraph1/${name}`).concat("forwardGraph1")); // biome-ignore format: one line
          const tap = (path: string, output: Tensor) => (path.includes("/") ? tf.zerosLike(output) : output);
          const silenced = model.apply(params, x, {state, tap});
          const same = way.method === undefined || way.method === "single" ? 2 / 3 : 0;
          await expectClose(silenced, new Array(6 * 3).fill(same));
          const paths: string[] = [];
          const net = {path: "net", state: {net: state.forwardGraph1 as Params}};
          inner.learning?.learn(own, x, y, {
            ...net,
            training: true,
            update() {},
            setState: (path) => paths.push(path)
          });
          expect(paths).toEqual(way.topDown ? ["net"] : []);
        }
      })
    );

    test(
      "nodes whose label is not known may have -1 for it, in the graph and in the data",
      withoutLeak(async () => {
        const data = ops.datasets.stochasticBlockModel({nodes: 36, seed: 1, features: 8});
        const labelled = [0, 1, 2, 3, 4, 5];
        const unknown = Int32Array.from(data.labels, (label, node) => (labelled.includes(node) ? label : -1));
        const losses = async (labels: Int32Array) => {
          const own = {...data, labels};
          const model = forwardGraph({graph: {...own, nodes: 36, classes: 3, labelled}, units: [8]});
          const found: number[] = [];
          const training = ops.fit(model, own, {steps: 4, logEvery: 1});
          for await (const {loss} of training) found.push(loss);
          training.dispose();
          return found;
        };
        expect(await losses(unknown)).toEqual(await losses(data.labels));
      })
    );

    test("wrong calls say what to pass instead", () => {
      const of =
        (more: object, graph: object = {}) =>
        () =>
          forwardGraph({graph: {...small, ...graph}, units: [4], ...more} as never);
      expect(of({graph: undefined})).toThrow(/forwardGraph takes a graph: \{nodes, .*\}, got undefined/);
      expect(of({}, {classes: 1})).toThrow(/classes must be at least 2/);
      expect(of({}, {edges: [[0, 6]]})).toThrow(/join nodes 0 to 5, got \[0,6\]/);
      expect(of({}, {labels: [0, 1]})).toThrow(/each of the 6 nodes, got 2/);
      expect(of({}, {labels: [9, 1, 2, 0, 1, 2]})).toThrow(/node 0 has 9/);
      expect(of({}, {labelled: []})).toThrow(/at least one/);
      expect(of({}, {labelled: [7]})).toThrow(/0 to 5/);
      expect(of({units: []})).toThrow(/e\.g\. \[32, 32\]/);
      expect(of({units: [0]})).toThrow(/units\[0\]/);
      expect(of({method: "both"})).toThrow(/"single", "appended" or "virtual"/);
      expect(of({topDown: 1})).toThrow(/topDown must be true or false, got 1/);
      expect(of({topDown: true, method: "virtual"})).toThrow(
        /topDown goes with method: "single", got "virtual"/
      );
      expect(of({threshold: NaN})).toThrow(/threshold must be a number.*NaN/);
      expect(of({temperature: 0})).toThrow(/temperature/);
      expect(of({layers: 3})).toThrow(/no option layers/);
      expect(() => onNodes([], accuracy)).toThrow(/some nodes/);
      expect(() => onNodes([-1], accuracy)).toThrow(/at least 0/);
      tf.tidy(() => {
        const model = forwardGraph({graph: small, units: [4]});
        const params = model.init(key(0), [6, 4]);
        const state = initState(model as Layer, [6, 4]);
        expect(() => model.apply(params, tf.ones([2, 6, 4]), {state})).toThrow(/the whole graph as one row/);
        expect(() => model.apply(params, tf.ones([1, 6, 5]), {state})).toThrow(
          /forwardGraph: expected an input of shape \[1, 6, 4\], got \[1, 6, 5\]/
        );
        expect(() => model.apply(params, tf.ones([1, 6, 4]))).toThrow(
          /forwardGraph has no graph: pass \{state\}.* \{modelState: training\.state\.modelState\}/
        );
        const above = forwardGraph({graph: small, units: [4], topDown: true});
        const y = tf.tensor2d([small.labels as number[]], [1, 6], "int32");
        expect(() => updatesOf(above, above.init(key(0), [6, 4]), tf.ones([1, 6, 4]), y, {state})).toThrow(
          /without what its layers told: with topDown, begin with initState/
        );
      });
    });
  });
}

/** Held-out accuracy of a graph network and of its baseline by backpropagation after equal steps. */
export async function blockModelAccuracy(seed: number, steps = 150): Promise<Record<string, number>> {
  const nodes = 120;
  const data = ops.datasets.stochasticBlockModel({nodes, seed});
  const labelled = Array.from({length: 18}, (_, i) => i);
  const held = Array.from({length: nodes - 18}, (_, i) => 18 + i);
  const options = {steps, logEvery: steps, optimizer: adam({learningRate: 0.01})};
  const metrics = {held: onNodes(held, accuracy)};
  const found: Record<string, number> = {};
  const adjacency = gcnAdjacency(nodes, data.edges);
  const networks: [string, Layer, object][] = [
    [
      "backpropagation",
      gcn({classes: 3, units: [32], adjacency}),
      {loss: onNodes(labelled, softmaxCrossEntropy)}
    ],
    ...METHODS.map((method): [string, Layer, object] => {
      const graph = {...data, nodes, classes: 3, labelled};
      return [method, forwardGraph({graph, units: [32, 32], method}) as Layer, {}];
    })
  ];
  for (const [name, model, more] of networks) {
    const training = ops.fit(model, data, {...options, metrics, ...more});
    for await (const row of training) found[name] = row.held as number;
    training.dispose();
  }
  adjacency.dispose();
  return found;
}
