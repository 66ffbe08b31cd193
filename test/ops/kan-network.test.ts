import {describe, expect, test} from "vitest";
import {attribute} from "../../src/ops/kan/network/attribute.ts";
import {freshLayer, kanNetwork} from "../../src/ops/kan/network/create.ts";
import {expandWidth, swapNodes} from "../../src/ops/kan/network/edit.ts";
import {featureInteraction} from "../../src/ops/kan/network/feature-interaction.ts";
import {gradients} from "../../src/ops/kan/network/gradients.ts";
import {refine, updateGrid} from "../../src/ops/kan/network/grids.ts";
import {Objective, trainedOf} from "../../src/ops/kan/network/objective.ts";
import {type LayerParameters, layerViews, TRAINED} from "../../src/ops/kan/network/parameters.ts";
import type {KanMetric} from "../../src/ops/kan/network/penalty.ts";
import {activations, predict} from "../../src/ops/kan/network/predict.ts";
import {prune, pruneInput, pruneNodes} from "../../src/ops/kan/network/prune.ts";
import {withNodes} from "../../src/ops/kan/network/subset.ts";
import type {KanLayer, KanNetwork, SymbolicEdge} from "../../src/ops/kan/network.ts";
import type {symbolicFunctions} from "../../src/ops/kan/symbolic/functions.ts";
import {randomNumbers} from "./float64.ts";
import {storedLayerNetwork, storedNetwork, transposed} from "./kan-networks.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";
import type {Fixture} from "./support.ts";

const tolerance = (name: string) => {
  const {rtol, atol} = kanFixture(name) as Fixture & {rtol: number; atol: number};
  return [rtol, atol] as const;
};

describe("a layer in float64", () => {
  test.each(["identity-k1", "mask-adaptive-k2", "silu-k3"])(
    "gives what pykan gives, and its gradients: %s",
    (kind) => {
      const name = `kanlayer-fwd-bwd-${kind}`;
      const stored = kanFixture(name);
      const {inputs, outputs} = stored;
      const network = storedLayerNetwork(stored);
      const found = gradients(network, float64(inputs.x), float64(inputs.dy));
      const [layer] = found.layers as [LayerParameters];
      expectNear(found.outputs, float64(outputs.y), ...tolerance(name));
      expectNear(found.inputs, float64(outputs.grad_x), ...tolerance(name));
      expectNear(layer.coefficients, float64(outputs.grad_coef), ...tolerance(name));
      expectNear(layer.baseScale, float64(outputs.grad_scale_base), ...tolerance(name));
      expectNear(layer.splineScale, float64(outputs.grad_scale_sp), ...tolerance(name));
      const {edges, samples} = activations(network, float64(inputs.x));
      const [columns, rows] = [network.levels[0]?.sum as number, network.levels[1]?.sum as number];
      const byOutput = transposed(edges[0] as Float64Array, columns, rows, samples);
      expectNear(
        transposed(byOutput, rows * columns, samples),
        float64(outputs.postacts),
        ...tolerance(name)
      );
    }
  );

  test("begins as pykan's does, from the same draws", () => {
    const {inputs, outputs} = kanFixture("kanlayer-init-given-noise");
    const layer = freshLayer({
      ...{inputs: 2, outputs: 3, nodes: 3, grid: 3, order: 3, range: [-1, 1]},
      ...{noise: 0.3, baseMean: 0, baseSpread: 1, splineScale: 1},
      noiseDraws: float64(inputs.u_noise),
      baseDraws: float64(inputs.u_base)
    });
    const bounds = tolerance("kanlayer-init-given-noise");
    expectNear(layer.knots, float64(outputs.grid), ...bounds);
    expectNear(layer.coefficients, float64(outputs.coef), ...bounds);
    expectNear(layer.baseScale, float64(outputs.scale_base), ...bounds);
    expectNear(layer.splineScale, float64(outputs.scale_sp), ...bounds);
  });
});

describe("a network in float64", () => {
  test.each(["arity2", "arity3"])("multiplies nodes as pykan does: %s", (kind) => {
    const name = `multkan-fwd-bwd-${kind}`;
    const stored = kanFixture(name);
    const {inputs, outputs} = stored;
    const network = storedNetwork(stored, inputs);
    const found = gradients(network, float64(inputs.x), float64(inputs.dy));
    expectNear(found.outputs, float64(outputs.y), ...tolerance(name));
    expectNear(found.inputs, float64(outputs.grad_x), ...tolerance(name));
    const names = {
      coefficients: "coef",
      baseScale: "scale_base",
      splineScale: "scale_sp",
      subnodeScale: "subnode_scale",
      subnodeBias: "subnode_bias",
      nodeScale: "node_scale",
      nodeBias: "node_bias"
    } as const;
    for (const [l, layer] of found.layers.entries())
      for (const [part, own] of Object.entries(names))
        expectNear(
          layer[part as keyof typeof names],
          float64(outputs[`grad_${own}_${l}`]),
          ...tolerance(name)
        );
    const scores = attribute(network, float64(inputs.x));
    expectScores(scores, outputs, network, tolerance(name));
  });

  test("computes symbolic edges beside numeric ones", () => {
    const name = "kan-symbolic-mixed-forward";
    const stored = kanFixture(name);
    const {inputs, outputs, params} = stored;
    const plain = storedNetwork(stored, inputs, [2, 2, 1]);
    const network = withStoredSymbols(plain, stored);
    const found = gradients(network, float64(inputs.x), float64(inputs.dy));
    expectNear(found.outputs, float64(outputs.y), ...tolerance(name));
    expectNear(found.inputs, float64(outputs.grad_x), ...tolerance(name));
    for (const [l, layer] of found.layers.entries()) {
      const {inputs: i, outputs: o} = network.layers[l] as KanLayer;
      expectNear(layer.coefficients, float64(outputs[`grad_coef_${l}`]), ...tolerance(name));
      const wanted = transposed(float64(outputs[`grad_sym_affine_${l}`]), o, i, 4);
      expectNear(layer.symbolic, wanted, ...tolerance(name));
    }
    expect((params.edges_l_i_j_fun as unknown[]).length).toBe(4);
  });

  test("tells which nodes and edges matter, and prunes the others", () => {
    const name = "kan-attribute-prune-2-5-1";
    const stored = kanFixture(name);
    const {inputs, outputs, params} = stored;
    const network = storedNetwork(stored, inputs);
    const x = float64(inputs.x);
    const bounds = tolerance(name);
    expectNear(predict(network, x), float64(outputs.y), ...bounds);
    expectScores(attribute(network, x), outputs, network, bounds);
    const thresholds = {nodes: params.node_th as number, edges: params.edge_th as number};
    const fewer = pruneNodes(network, x, thresholds.nodes);
    expect(fewer.levels[1]).toEqual({sum: 2, multiply: 0});
    const after = Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [key.replace("after_node_prune_", ""), value])
    );
    expectScores(attribute(fewer, x), after, fewer, bounds);
    const pruned = prune(network, x, thresholds);
    for (const [l, layer] of pruned.layers.entries())
      expectNear(layer.mask, float64(outputs[`pruned_mask_${l}`]), 0, 0);
    expectNear(predict(pruned, x), float64(outputs.y_after_prune), ...bounds);
    const {kept, network: narrow} = pruneInput(network, x, params.input_th as number);
    expect(kept).toEqual([...float64(outputs.kept_inputs)]);
    expect(predict(narrow, [0.3])).toHaveLength(1);
  });

  test("tells which inputs act together, from the edges that there are", () => {
    const x = Float64Array.from(randomNumbers(3, 300));
    const whole = kanNetwork({width: [3, [3, 1], 2], seed: 2});
    // Node 0 takes inputs 0 and 1, node 1 input 2, node 2 nothing; the product takes 0 and 1 too, one in each factor.
    const edges = [1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0];
    const [first, last] = whole.layers as [KanLayer, KanLayer];
    const network = {...whole, layers: [{...first, mask: Float64Array.from(edges)}, last]};
    expect(featureInteraction(network, x, 1)).toEqual([
      {features: [0, 1], nodes: [0, 3]},
      {features: [2], nodes: [1]}
    ]);
    expect(featureInteraction(network, x, 2)).toEqual([{features: [0, 1, 2], nodes: [0, 1]}]);
    expect(featureInteraction(network, x, 1, {nodes: 1e3})).toEqual([]);
    expect(() => featureInteraction(network, x, 0)).toThrow("levels above the inputs, 1 to 2, got 0");
  });

  test("moves its grids to the samples, layer by layer", () => {
    const name = "kan-update-grid-2-3-1";
    const stored = kanFixture(name);
    const {inputs, outputs} = stored;
    const network = storedNetwork(stored, inputs);
    expectNear(predict(network, float64(inputs.x)), float64(outputs.y_before), ...tolerance(name));
    const moved = updateGrid(network, float64(inputs.x));
    for (const [l, layer] of moved.layers.entries()) {
      expectNear(layer.knots, float64(outputs[`grid_${l}`]), ...tolerance(name));
      expectNear(layer.coefficients, float64(outputs[`coef_${l}`]), ...tolerance(name));
    }
    expectNear(predict(moved, float64(inputs.x)), float64(outputs.y_after), ...tolerance(name));
  });

  test("is refined to a finer grid", () => {
    const name = "kan-refine-3-to-10";
    const stored = kanFixture(name);
    const {inputs, outputs} = stored;
    const x = float64(inputs.x);
    const fine = refine(storedNetwork(stored, inputs), x, 10);
    const wanted = storedNetwork(stored, outputs);
    for (const [l, layer] of fine.layers.entries()) {
      const same = wanted.layers[l] as KanLayer;
      expect(layer.intervals).toBe(10);
      for (const part of ["knots", "coefficients", "baseScale", "splineScale"] as const)
        expectNear(layer[part], same[part], ...tolerance(name));
    }
    expectNear(predict(fine, x), float64(outputs.y_after), ...tolerance(name));
  });
});

describe("a penalty", () => {
  const stored = kanFixture("kan-reg-2-4-1");
  const {inputs, outputs} = stored;
  const network = storedNetwork(stored, inputs);
  const bounds = tolerance("kan-reg-2-4-1");
  const value = (penalty: object) => {
    const {values, places} = trainedOf(network, TRAINED);
    const x = float64(inputs.x);
    const samples = x.length / 2;
    const objective = new Objective(network, x, predict(network, x), {
      samples,
      places,
      penalty: {lamb: 1, ...penalty}
    });
    return {loss: objective.evaluate(values)[0], penalty: objective.penalty};
  };

  const metrics: KanMetric[] = [
    "edge_forward_spline_n",
    "edge_forward_sum",
    "edge_forward_spline_u",
    "edge_backward",
    "node_backward"
  ];
  test.each(metrics)("is pykan's: %s", (metric) => {
    const l1 = value({metric, lambL1: 1, lambEntropy: 0});
    expectNear([l1.loss], float64(outputs[`${metric}_l1`]), ...bounds);
    const entropy = value({metric, lambL1: 0, lambEntropy: 1});
    expectNear([entropy.penalty], float64(outputs[`${metric}_entropy`]), ...bounds);
  });

  test("of coefficients is pykan's, and the gradient of all", () => {
    const none = {lambL1: 0, lambEntropy: 0};
    expectNear([value({...none, lambCoef: 1}).penalty], float64(outputs.coef), ...bounds);
    expectNear([value({...none, lambCoefDiff: 1}).penalty], float64(outputs.coefdiff), ...bounds);
    const penalty = {lambCoef: 0.1, lambCoefDiff: 0.2};
    expectNear([value(penalty).loss], float64(outputs.total_1_2_01_02), ...bounds);
    const found = lossGradient(network, float64(inputs.x), predict(network, float64(inputs.x)), penalty);
    for (const [l, layer] of found.entries()) {
      const {mask} = network.layers[l] as KanLayer;
      const each = layer.coefficients.length / mask.length;
      // What a masked edge has is not trained.
      const wanted = float64(outputs[`grad_coef_${l}`]).map((g, c) => (mask[Math.floor(c / each)] ? g : 0));
      expectNear(layer.coefficients, wanted, ...bounds);
      expectNear(layer.baseScale, float64(outputs[`grad_scale_base_${l}`]), ...bounds);
      expectNear(layer.splineScale, float64(outputs[`grad_scale_sp_${l}`]), ...bounds);
    }
  });
});

describe("nodes that multiply different numbers of subnodes", () => {
  const x = Float64Array.from(randomNumbers(5, 40));
  const network = kanNetwork({width: [2, [1, [3, 2]], [0, [2]]], grid: 3, order: 2, seed: 8, noise: 2});
  const pruned = (nodes: number[]) => withNodes(network, [[0, 1], nodes, [0]]);

  test("give products of theirs, and gradients of differences", () => {
    expect(network.layers.map(({outputs}) => outputs)).toEqual([6, 2]);
    const {sums, nodes, samples} = activations(network, x);
    const [sum, node] = [sums[0] as Float64Array, nodes[1] as Float64Array];
    for (let s = 0; s < samples; s++) {
      const at = (subnode: number) => sum[subnode * samples + s] as number;
      expect(node[s]).toBe(at(0));
      expect(node[samples + s]).toBeCloseTo(at(1) * at(2) * at(3), 14);
      expect(node[2 * samples + s]).toBeCloseTo(at(4) * at(5), 14);
    }
    const {inputs} = gradients(network, x);
    const moved = (by: number) =>
      predict(
        network,
        x.map((value, i) => (i % 2 ? value : value + by))
      );
    const [above, below] = [moved(1e-6), moved(-1e-6)];
    above.forEach((value, s) => {
      expect(inputs[2 * s]).toBeCloseTo((value - (below[s] as number)) / 2e-6, 6);
    });
  });

  test("keep their numbers when others are pruned, change places or are added", () => {
    expect(pruned([0, 2]).levels[1]).toEqual({sum: 1, multiply: 1, arities: [2]});
    expect(pruned([0, 2]).layers[0]?.baseScale[2]).toBe(network.layers[0]?.baseScale[5]);
    const swapped = swapNodes(network, 1, 1, 2);
    expect(swapped.levels[1]?.arities).toEqual([2, 3]);
    expectNear(predict(swapped, x), predict(network, x), 1e-12, 1e-14);
    const wide = expandWidth(network, 1, {multiply: 1});
    expect(wide.levels[1]?.arities).toEqual([3, 2, 2]);
    expectNear(predict(wide, x), predict(network, x), 1e-12, 1e-14);
    expect(attribute(network, x).subnodes[0]).toHaveLength(6);
    expect(() => kanNetwork({width: [2, [1, [1]], 1]})).toThrow(
      "width[1][1][0], what a node multiplies, must be a whole number of at least 2, got 1"
    );
  });
});

describe("the gradient of a loss", () => {
  const x = Float64Array.from(randomNumbers(3, 40));
  const y = Float64Array.from(randomNumbers(4, 20));
  const mixed = withSymbols(
    kanNetwork({width: [2, [2, 2], [1, 1], 1], arity: 3, grid: 4, order: 2, seed: 4, noise: 2}),
    [
      {layer: 0, from: 0, to: 3, name: "sin"},
      {layer: 1, from: 2, to: 1, name: "exp"}
    ]
  );
  const all = [...TRAINED, "subnodeScale", "subnodeBias", "nodeScale", "nodeBias"] as const;

  test.each([
    {lamb: 0},
    {lamb: 0.3, metric: "edge_forward_spline_n", lambCoef: 0.2, lambCoefDiff: 0.3},
    {lamb: 0.3, metric: "edge_forward_sum"},
    {lamb: 0.3, metric: "edge_forward_spline_u"},
    {lamb: 0.3, metric: "edge_backward"},
    {lamb: 0.3, metric: "node_backward"}
  ] as const)("is that of finite differences: %o", (penalty) => {
    const {values, places} = trainedOf(mixed, all);
    const objective = new Objective(mixed, x, y, {samples: 20, places, penalty});
    const gradient = objective.evaluate(values)[1].slice();
    const step = 1e-5;
    const wanted = values.map((value, i) => {
      const at = (moved: number) => objective.evaluate(values.with(i, moved))[0];
      return (
        (8 * (at(value + step) - at(value - step)) - (at(value + 2 * step) - at(value - 2 * step))) /
        (12 * step)
      );
    });
    expectNear(gradient, wanted, 1e-6, 1e-8);
    expect(gradient.filter((each) => each !== 0).length).toBeGreaterThan(100);
  });
});

function lossGradient(
  network: KanNetwork,
  x: Float64Array,
  y: Float64Array,
  penalty: object
): LayerParameters[] {
  const places = Int32Array.from(trainedOf(network, ALL_PARTS).places);
  const {values} = trainedOf(network, ALL_PARTS);
  const objective = new Objective(network, x, y, {samples: y.length, places, penalty: {lamb: 1, ...penalty}});
  const gradient = objective.evaluate(values)[1];
  const whole = new Float64Array(layerSizes(network));
  places.forEach((place, i) => {
    whole[place] = gradient[i] as number;
  });
  return layerViews(network, whole);
}

const ALL_PARTS = [...TRAINED, "subnodeScale", "subnodeBias", "nodeScale", "nodeBias"] as const;

function layerSizes(network: KanNetwork): number {
  return network.layers.reduce(
    (size, {coefficients, baseScale, outputs, nodeScale}) =>
      size + coefficients.length + 2 * baseScale.length + 2 * outputs + 2 * nodeScale.length,
    0
  );
}

function expectScores(
  scores: ReturnType<typeof attribute>,
  outputs: Fixture["outputs"],
  network: KanNetwork,
  bounds: readonly [number, number]
): void {
  scores.nodes.forEach((nodes, l) => {
    expectNear(nodes, float64(outputs[`node_score_${l}`]), ...bounds);
  });
  scores.edges.forEach((edges, l) => {
    const {inputs, outputs: count} = network.layers[l] as KanLayer;
    expectNear(transposed(edges, inputs, count), float64(outputs[`edge_score_${l}`]), ...bounds);
  });
  scores.subnodes.forEach((subnodes, l) => {
    expectNear(subnodes, float64(outputs[`subnode_score_${l}`]), ...bounds);
  });
}

function withStoredSymbols(network: KanNetwork, {params, inputs}: Fixture): KanNetwork {
  const edges = params.edges_l_i_j_fun as [number, number, number, string][];
  const layers = network.layers.map((layer, l) => {
    const symbolic = [...layer.symbolic];
    const affine = transposed(float64(inputs[`sym_affine_${l}`]), layer.outputs, layer.inputs, 4);
    for (const [at, i, j, name] of edges) {
      if (at !== l) continue;
      const e = i * layer.outputs + j;
      const [inner, offset, scale, shift] = affine.subarray(e * 4) as unknown as [
        number,
        number,
        number,
        number
      ];
      symbolic[e] = {name, inner, offset, scale, shift};
    }
    return {...layer, symbolic};
  });
  return {...network, layers};
}

function withSymbols(
  network: KanNetwork,
  edges: readonly {layer: number; from: number; to: number; name: keyof typeof symbolicFunctions}[]
): KanNetwork {
  const layers = network.layers.map((layer, l) => {
    const symbolic: (SymbolicEdge | null)[] = [...layer.symbolic];
    for (const {layer: at, from, to, name} of edges)
      if (at === l)
        symbolic[from * layer.outputs + to] = {name, inner: 0.8, offset: 0.2, scale: 1.3, shift: -0.4};
    return {...layer, symbolic};
  });
  return {...network, layers};
}
