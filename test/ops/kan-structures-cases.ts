import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {ModelState} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {KanParams} from "../../src/ops/kan/layers/kan-layer.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  kernel,
  numbers,
  type Stored,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {tf} = ops;
const {
  activationPenalty,
  bspline,
  efficientKan,
  fromNetwork,
  kan,
  kanLayer,
  kanNetwork,
  predict,
  regularised
} = ops.kan;
const {toNetwork, updateGrids, weightPenalty} = ops.kan;

const swapped = (stored: Stored | undefined, order: [number, number, number]) =>
  tf.tidy(() => tf.transpose(tensor(stored), order));

/** pykan's network of the case on penalties. */
function penaltyNetwork({inputs}: Fixture) {
  const model = kan([2, 4, 1], {basis: bspline({grid: 3, order: 3, adaptive: true}), masked: true});
  const layer = (i: number) => ({
    coefficients: swapped(inputs[`coef_${i}`], [0, 2, 1]),
    baseScale: tensor(inputs[`scale_base_${i}`]),
    splineScale: tensor(inputs[`scale_sp_${i}`])
  });
  const kept = (i: number) => ({knots: tensor(inputs[`grid_${i}`]), mask: tensor(inputs[`mask_${i}`])});
  const params: Record<string, KanParams> = {kan1: layer(0), kan2: layer(1)};
  const state: ModelState = {kan1: kept(0), kan2: kept(1)};
  return {model, params, state, x: tensor(inputs.x)};
}

/** What is around KAN layers: grids, penalties, and the way to float64 and back. */
export function kanStructuresCases(backend: BackendName): void {
  describe(`penalties of KANs on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      ["edge_forward_spline_n_l1", {l1: 1, entropy: 0}],
      ["edge_forward_spline_n_entropy", {l1: 0, entropy: 1}],
      ["coef", {l1: 0, entropy: 0, coefficients: 1}],
      ["coefdiff", {l1: 0, entropy: 0, differences: 1}],
      ["total_1_2_01_02", {coefficients: 0.1, differences: 0.2}]
    ])("of activations are pykan's: %s", (name, options) =>
      withoutLeak(async () => {
        const given = fixture("kan/kan-reg-2-4-1");
        const {model, params, state, x} = penaltyNetwork(given);
        await expectClose(activationPenalty(model, params, x, options, state), given.outputs[name]);
      })()
    );

    test(
      "of activations have pykan's gradients, also as part of a training step",
      withoutLeak(async () => {
        const given = fixture("kan/kan-reg-2-4-1");
        const {model, params, state, x} = penaltyNetwork(given);
        const options = {coefficients: 0.1, differences: 0.2};
        const direct = ops.grad((at: Params) =>
          activationPenalty(model, at as typeof params, x, options, state)
        )(params) as typeof params;
        // A loss of nothing: what is left is twice the penalty's gradient.
        const trained = regularised(model, {...options, weight: 2});
        const step = ops.grad((at: Params) =>
          tf.mul(tf.sum(trained.apply(at as typeof params, x, {training: true, state})), 0)
        )(params) as typeof params;
        for (const [gradient, factor] of [
          [direct, 1],
          [step, 2]
        ] as const)
          for (const i of [0, 1]) {
            const own = gradient[`kan${i + 1}`] as KanParams;
            const wanted = (stored: Stored | undefined) => numbers(stored).map((each) => each * factor);
            const tolerance = {rtol: 1e-3, atol: 1e-3};
            const inOut = tf.transpose(own.coefficients, [0, 2, 1]);
            await expectClose(inOut, wanted(given.outputs[`grad_coef_${i}`]), tolerance);
            await expectClose(
              own.baseScale as Tensor,
              wanted(given.outputs[`grad_scale_base_${i}`]),
              tolerance
            );
            await expectClose(
              own.splineScale as Tensor,
              wanted(given.outputs[`grad_scale_sp_${i}`]),
              tolerance
            );
          }
        const plain = model.apply(params, x, {state});
        await expectClose(trained.apply(params, x, {training: true, state}), Array.from(await plain.data()));
      })
    );

    test(
      "of weights that are all zero has a gradient of numbers",
      withoutLeak(async () => {
        const coefficients = tf.zeros([2, 3, 4]);
        const gradient = ops.grad((at: {coefficients: Tensor}) => weightPenalty(at))({coefficients});
        expect(Array.from(await gradient.coefficients.data()).every(Number.isFinite)).toBe(true);
        await expectClose(weightPenalty({coefficients}), [0]);
      })
    );

    test.each(["fwd-bwd", "fwd-bwd-k4", "fwd-bwd-noscaler-k2"])(
      "of weights are efficient-kan's: %s",
      (name) =>
        withoutLeak(async () => {
          const {inputs, outputs} = fixture(`kan/efficient-kan-${name}`);
          const coefficients = swapped(inputs.spline_weight, [1, 2, 0]);
          await expectClose(weightPenalty({kan1: {coefficients}}), outputs.regularization_loss);
          const other = weightPenalty({coefficients}, {l1: 2, entropy: 0.5});
          await expectClose(other, outputs.regularization_loss_2_05);
          const gradient = ops.grad((at: {coefficients: Tensor}) => weightPenalty(at))({coefficients});
          const outIn = tf.transpose(gradient.coefficients, [2, 0, 1]);
          await expectClose(outIn, outputs.grad_reg_spline_weight);
        })()
    );
  });

  describe(`grids of KAN layers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "stay where samples have neither a range nor a margin",
      withoutLeak(async () => {
        const layer = kanLayer({units: 2, basis: bspline({adaptive: true})});
        const [params, before] = [layer.init(ops.key(0), [1]), ops.initState(layer, [1])];
        const x = tf.fill([5, 1], 0.3);
        const {state} = await updateGrids(layer, params, before, x, {rule: "efficient", margin: 0});
        const knotsOf = async (from: typeof state) =>
          Array.from(await (from.kan as {knots: Tensor}).knots.data());
        expect(await knotsOf(state)).toEqual(await knotsOf(before));
        const wrong = updateGrids(layer, params, before, x, {rule: "fast" as never});
        await expect(wrong).rejects.toThrow('rule must be "pykan" or "efficient", got "fast"');
      })
    );

    test.each(["eps002", "eps002-k1", "eps05-k2", "mode-grid"])("follow samples as pykan's: %s", (name) =>
      withoutLeak(async () => {
        const given = fixture(`kan/kanlayer-update-grid-${name}`);
        const {inputs, outputs} = given;
        const {G, k, grid_eps: blend, mode} = given.params as Record<string, number> & {mode: string};
        const basis = bspline({grid: G as number, order: k as number, adaptive: true});
        const layer = kanLayer({units: inputs.coef?.shape[1] as number, basis, masked: true});
        const params = {
          coefficients: swapped(inputs.coef, [0, 2, 1]),
          baseScale: tensor(inputs.scale_base),
          splineScale: tensor(inputs.scale_sp)
        };
        const state = {kan: {knots: tensor(inputs.grid), mask: tensor(inputs.mask)}};
        const x = tensor(inputs.x);
        const at = mode === "grid" ? "grid" : "samples";
        const next = await updateGrids(layer, params, state, x, {blend, at});
        const {knots} = next.state.kan as {knots: Tensor};
        await expectClose(knots, outputs.grid, {atol: 1e-6});
        // Coefficients where there are few samples are told badly by float32 numbers; the curves are what they are for.
        await expectClose(layer.apply(next.params, x, {state: next.state}), outputs.y_after, {atol: 2e-4});
        await expectClose(layer.apply(params, x, {state}), outputs.y_before);
      })()
    );

    test(
      "follow samples as efficient-kan's, without applying factors twice",
      withoutLeak(async () => {
        for (const [name, hasScale] of [
          ["-noscaler", false],
          ["", true]
        ] as const) {
          const {inputs, outputs} = fixture(`kan/efficient-kan-update-grid${name}`);
          const units = inputs.base_weight?.shape[0] as number;
          const layer = kanLayer({units, useScale: hasScale, basis: bspline({grid: 5, adaptive: true})});
          const params = {
            coefficients: swapped(inputs.spline_weight, [1, 2, 0]),
            baseScale: kernel(inputs.base_weight),
            ...(hasScale && {splineScale: kernel(inputs.spline_scaler)})
          };
          const x = tensor(inputs.x);
          const before = {kan: {knots: tensor(inputs.grid)}};
          const {params: after, state} = await updateGrids(layer, params, before, x, {rule: "efficient"});
          await expectClose((state.kan as {knots: Tensor}).knots, outputs.grid, {atol: 1e-5});
          const y = layer.apply(after, x, {state});
          if (!hasScale) await expectClose(y, outputs.y_after, {atol: 2e-3});
          else {
            const was = numbers(outputs.y_before);
            const error = Array.from(await y.data()).map((each, i) => Math.abs(each - (was[i] as number)));
            const theirs = numbers(outputs.y_after).map((each, i) => Math.abs(each - (was[i] as number)));
            expect(Math.max(...error)).toBeLessThan(0.5 * Math.max(...theirs));
          }
        }
      })
    );

    test(
      "follow samples layer by layer, so that a network's outputs stay",
      withoutLeak(async () => {
        const model = kan([2, 4, 3, 1], {basis: bspline({grid: 10, adaptive: true, noise: 1})});
        const params = model.init(ops.key(3));
        const before = ops.initState(model, [2]);
        const x = ops.random.uniform(ops.key(4), [300, 2], -0.9, 0.6);
        const {params: after, state} = await updateGrids(model, params, before, x, {blend: 0.5});
        for (const name of ["kan1", "kan2", "kan3"])
          expect(Array.from(await (state[name] as {knots: Tensor}).knots.data())).not.toEqual(
            Array.from(await (before[name] as {knots: Tensor}).knots.data())
          );
        const wanted = Array.from(await model.apply(params, x, {state: before}).data());
        await expectClose(model.apply(after, x, {state}), wanted, {atol: 0.02});
        await expect(updateGrids(kan([2, 1]), kan([2, 1]).init(ops.key(0)), {}, x)).rejects.toThrow(
          "make it with bspline({adaptive: true})"
        );
      })
    );
  });

  describe(`networks of tensors and in float64 on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "compute the same there and back",
      withoutLeak(async () => {
        const network = kanNetwork({width: [2, [2, 1], 1], grid: 4, order: 3, seed: 5});
        const [first] = network.layers as [(typeof network.layers)[number]];
        const changed = {
          ...network,
          layers: network.layers.map((layer) =>
            layer === first
              ? {
                  ...first,
                  mask: first.mask.map((each, i) => (i === 1 ? 0 : each)),
                  subnodeScale: Float64Array.from(first.subnodeScale, (_, i) => 1 + i / 4),
                  subnodeBias: Float64Array.from(first.subnodeBias, (_, i) => i / 3),
                  nodeScale: Float64Array.from(first.nodeScale, (_, i) => 1 - i / 5),
                  nodeBias: Float64Array.from(first.nodeBias, (_, i) => (i === 0 ? 0.2 : 0))
                }
              : layer
          )
        };
        const x = ops.key(1).uniform(40, -1, 1);
        const wanted = Array.from(predict(changed, Float64Array.from(x)));
        const {model, params, state} = fromNetwork(changed);
        await expectClose(model.apply(params, tf.tensor(x, [20, 2]), {state}), wanted);
        const again = await toNetwork(model, params, state);
        predict(again, Float64Array.from(x)).forEach((y, i) => {
          expect(y).toBeCloseTo(wanted[i] as number, 5);
        });
        await expect(toNetwork(ops.kan.chebyKan([2, 1]), {})).rejects.toThrow("this network has chebyshev");
        const uneven = kanNetwork({width: [2, [1, [3, 2]], 1]});
        expect(() => fromNetwork(uneven)).toThrow("multiply as many numbers, here 2");
      })
    );

    test(
      "of efficient-kan's kind become plain data too",
      withoutLeak(async () => {
        const model = efficientKan([3, 2]);
        const params = model.init(ops.key(2));
        const network = await toNetwork(model, params);
        const x = ops.key(1).uniform(12, -1, 1);
        const y = model.apply(params, tf.tensor(x, [4, 3]));
        await expectClose(y, Array.from(predict(network, Float64Array.from(x))));
      })
    );
  });
}
