import {describe, test} from "vitest";
import {splineBasis, splineBasisSlopes} from "../../src/ops/kan/spline/basis.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

const UNIFORM = [1, 2, 3, 4, 5].map((k, i) => `bspline-basis-uniform-k${k}-g${[4, 5, 5, 6, 3][i]}`);
const ADAPTIVE = [1, 2, 3, 4].map((k, i) => `bspline-basis-adaptive-k${k}-g${[5, 4, 6, 5][i]}`);

describe("basis functions", () => {
  test.each([...UNIFORM, ...ADAPTIVE])("and their derivatives are those of %s", (name) => {
    const {params, inputs, outputs} = kanFixture(name);
    const [x, knots] = [float64(inputs.x), float64(inputs.grid)];
    expectNear(splineBasis(x, knots, 2, params.k as number), float64(outputs.basis), 1e-10);
    expectNear(splineBasisSlopes(x, knots, 2, params.k as number), float64(outputs.dbasis_dx), 1e-10);
  });

  test("beside coinciding knots are pykan's", () => {
    const {params, inputs, outputs} = kanFixture("bspline-basis-degenerate-grid");
    expectNear(
      splineBasis(float64(inputs.x), float64(inputs.grid), 2, params.k as number),
      float64(outputs.basis),
      1e-10
    );
  });
});
