import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {KanLayerModule, KanParams, KanState} from "../../src/ops/kan/layers/kan-layer.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {
  expectClose,
  type Fixture,
  fixture,
  kernel,
  type Stored,
  tensor,
  use,
  withoutLeak
} from "./support.ts";

const {tf} = ops;
const {bspline, chebyshev, kanLayer, rbf} = ops.kan;

/** Coefficients stored (out, in, size) or (in, out, size) as [in, size, out]. */
const coefficients = (stored: Stored | undefined, order: [number, number, number]) =>
  tf.tidy(() => tf.transpose(tensor(stored), order));

const OUT_IN = [1, 2, 0] as [number, number, number];
const IN_OUT = [0, 2, 1] as [number, number, number];

interface Reference {
  layer: KanLayerModule;
  params: KanParams;
  state?: KanState;
  /** The gradients of the reference, in the tree of the parameters; efficient-kan's cases have none (see there). */
  grads?: KanParams;
}

/** Output, gradient by x and by every parameter for the upstream gradient of the reference. */
async function expectReference({inputs, outputs}: Fixture, reference: Reference): Promise<void> {
  const {layer, params, state, grads} = reference;
  const context = state && {state: {[layer.name]: state}};
  const x = tensor(inputs.x);
  const dy = inputs.dy && tensor(inputs.dy);
  await expectClose(layer.apply(params, x, context), outputs.y);
  if (!dy) return;
  const gradient = ops.grad((at: {x: Tensor; params: KanParams}) =>
    tf.sum(tf.mul(layer.apply(at.params, at.x, context), dy))
  )({x, params});
  await expectClose(gradient.x, outputs.grad_x, LOOSE);
  if (!grads) return;
  const wanted = ops.tree.entries<Tensor>(grads);
  const got = ops.tree.entries<Tensor>(gradient.params);
  expect(got.map(({path, leaf}) => [path, leaf.shape])).toEqual(
    wanted.map(({path, leaf}) => [path, leaf.shape])
  );
  for (const [i, {leaf}] of got.entries())
    await expectClose(leaf, Array.from(await (wanted[i] as {leaf: Tensor}).leaf.data()), LOOSE);
}

/** Sums over a batch in float32. */
const LOOSE = {rtol: 2e-4, atol: 2e-5};

const FORMS = ["fused", "recursive"] as const;
const EVEN_FORMS = [...FORMS, "matrix"] as const;

/** KAN layers against the published implementations. */
export function kanLayersCases(backend: BackendName): void {
  describe(`KAN layers on ${backend}`, () => {
    beforeAll(() => use(backend));

    describe.each(FORMS)("in the %s form", (form) => {
      test.each(["identity-k1", "silu-k3", "mask-adaptive-k2"])("are pykan's: kanlayer-fwd-bwd-%s", (name) =>
        withoutLeak(async () => {
          const given = fixture(`kan/kanlayer-fwd-bwd-${name}`);
          const {inputs, outputs, params} = given as Fixture & {params: {G: number; k: number; base: "silu"}};
          const basis = bspline({grid: params.G, order: params.k, adaptive: true, form});
          const units = inputs.mask?.shape[1] as number;
          await expectReference(given, {
            layer: kanLayer({units, basis, base: params.base, masked: true}),
            params: {
              coefficients: coefficients(inputs.coef, IN_OUT),
              baseScale: tensor(inputs.scale_base),
              splineScale: tensor(inputs.scale_sp)
            },
            state: {knots: tensor(inputs.grid), mask: tensor(inputs.mask)},
            grads: {
              coefficients: coefficients(outputs.grad_coef, IN_OUT),
              baseScale: tensor(outputs.grad_scale_base),
              splineScale: tensor(outputs.grad_scale_sp)
            }
          });
        })()
      );
    });

    describe.each(EVEN_FORMS)("in the %s form, on even grids", (form) => {
      test.each(["fwd-bwd", "fwd-bwd-k4", "fwd-bwd-noscaler-k2"])("are efficient-kan's: %s", (name) =>
        withoutLeak(async () => {
          const given = fixture(`kan/efficient-kan-${name}`);
          const {inputs} = given;
          const params = given.params as {grid_size: number; spline_order: number; out: number};
          const basis = bspline({grid: params.grid_size, order: params.spline_order, form});
          const isScaled = inputs.spline_scaler !== undefined;
          await expectReference(given, {
            layer: kanLayer({units: params.out, basis, useScale: isScaled}),
            params: {
              coefficients: coefficients(inputs.spline_weight, OUT_IN),
              baseScale: kernel(inputs.base_weight),
              ...(isScaled && {splineScale: kernel(inputs.spline_scaler)})
            }
            // What these cases call gradients by parameters is that of the penalty: written down after it was taken.
          });
        })()
      );
    });

    test.each(["plain", "layernorm"])("are FastKAN's: %s", (name) =>
      withoutLeak(async () => {
        const given = fixture(`kan/fastkan-fwd-bwd-${name}`);
        const {inputs, outputs} = given;
        const params = given.params as Record<string, number>;
        const {in: from = 0, out = 0, num_grids: size = 0, grid_min: low = 0, grid_max: high = 0} = params;
        const isNormed = name === "layernorm";
        const all = (prefix: "" | "grad_", of: Record<string, Stored>): KanParams => {
          const weights = {...(of[`${prefix}spline_weight`] as Stored), shape: [out, from, size]};
          return {
            coefficients: coefficients(weights, OUT_IN),
            baseScale: kernel(of[`${prefix}base_weight`]),
            bias: tensor(of[`${prefix}base_bias`]),
            ...(isNormed && {
              norm: {scale: tensor(of[`${prefix}ln_weight`]), bias: tensor(of[`${prefix}ln_bias`])}
            })
          };
        };
        const basis = rbf({size, range: [low, high]});
        await expectReference(given, {
          layer: kanLayer({units: out, basis, useBias: true, ...(!isNormed && {squash: "none"})}),
          params: all("", inputs),
          grads: all("grad_", outputs)
        });
      })()
    );

    test.each([4, 8])("are ChebyKAN's: degree %d", (degree) =>
      withoutLeak(async () => {
        const given = fixture(`kan/chebykan-fwd-bwd-deg${degree}`);
        const {inputs, outputs, params} = given;
        await expectReference(given, {
          layer: kanLayer({units: params.out as number, basis: chebyshev({degree})}),
          params: {coefficients: coefficients(inputs.cheby_coeffs, IN_OUT)},
          grads: {coefficients: coefficients(outputs.grad_cheby_coeffs, IN_OUT)}
        });
      })()
    );

    test(
      "have a gradient of zero where ChebyKAN's is not a number: at saturated inputs",
      withoutLeak(async () => {
        const {inputs, outputs} = fixture("kan/chebykan-saturation");
        const layer = kanLayer({units: 1, basis: chebyshev({degree: 3})});
        const params = {coefficients: coefficients(inputs.cheby_coeffs, IN_OUT)};
        const x = tensor(inputs.x);
        await expectClose(layer.apply(params, x), outputs.y);
        const gradient = ops.grad((at: Tensor) => tf.sum(layer.apply(params, at)))(x);
        await expectClose(gradient, outputs.grad_x);
      })
    );
  });
}
