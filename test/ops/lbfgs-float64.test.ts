import {describe, expect, test} from "vitest";
import {lbfgsFloat64} from "../../src/ops/core/optimizers/lbfgs/lbfgs.ts";
import {strongWolfe} from "../../src/ops/core/optimizers/lbfgs/strong-wolfe.ts";
import {ops} from "../../src/ops/index.ts";
import {rowsOf} from "./plain-losses.ts";
import {fixture, numbers} from "./support.ts";

type Loss = (x: Float64Array) => readonly [number, Float64Array];

const rosenbrock: Loss = (x) => {
  const [a, b] = x as unknown as [number, number];
  const slope = b - a * a;
  return [100 * slope ** 2 + (1 - a) ** 2, Float64Array.of(-400 * a * slope - 2 * (1 - a), 200 * slope)];
};

function quadratic(): Loss {
  const {inputs} = fixture("core/lbfgs-quadratic");
  const c = numbers(inputs.c);
  const rows = rowsOf(numbers(inputs.A), c.length);
  return (x) => {
    const e = c.map((each, i) => (x[i] as number) - each);
    const gradient = rows.map((row) => row.reduce((sum, a, j) => sum + a * (e[j] as number), 0));
    return [gradient.reduce((sum, g, i) => sum + (g * (e[i] as number)) / 2, 0), Float64Array.from(gradient)];
  };
}

const within = (value: number, wanted: number, rtol: number, atol = 1e-14) =>
  Math.abs(value - wanted) <= atol + rtol * Math.abs(wanted);

describe("L-BFGS in float64", () => {
  test.each([
    ["lbfgs-rosenbrock", () => rosenbrock],
    ["lbfgs-quadratic", quadratic]
  ] as const)("goes the way of the reference: %s", async (name, make) => {
    const {params: settings, inputs, outputs} = fixture(`core/${name}`);
    const minimizer = lbfgsFloat64({
      historySize: settings.history_size as number,
      toleranceGradient: settings.tolerance_grad as number,
      toleranceChange: settings.tolerance_change as number
    });
    const seen: number[] = [];
    const loss: Loss = (x) => {
      const [value, gradient] = make()(x);
      seen.push(value);
      return [value, gradient];
    };
    const tolerances = numbers(outputs.loss_rtol);
    const [losses, steps, evaluations] = ["loss", "step_length", "line_search_evaluations"].map((key) =>
      numbers(outputs[key])
    ) as [number[], number[], number[]];
    const stable = outputs.evaluations_are_stable?.data as boolean[];
    const iterations: {loss: number; stepLength: number; evaluations: number}[] = [];
    const end = await minimizer.minimize(loss, Float64Array.from(numbers(inputs.x0)), {
      maxIterations: settings.max_iterations as number,
      onIteration: (iteration) => iterations.push(iteration)
    });
    expect(within(seen[0] as number, numbers(outputs.loss0)[0] as number, 1e-14)).toBe(true);
    let compared = 0;
    for (const [k, rtol] of tolerances.entries()) {
      const own = iterations[k];
      expect(
        within(own?.loss ?? NaN, losses[k] as number, rtol),
        `loss ${k}: ${own?.loss}, ${losses[k]}`
      ).toBe(true);
      if (rtol >= 1e-6) continue;
      ++compared;
      expect(within(own?.stepLength ?? NaN, steps[k] as number, 1e-6), `step length ${k}`).toBe(true);
      if (!stable[k]) continue;
      expect((own?.evaluations ?? NaN) - (iterations[k - 1]?.evaluations ?? 1)).toBe(evaluations[k]);
    }
    expect(compared).toBeGreaterThan(8);
    expect(end).toMatchObject({iterations: losses.length, stopped: "descent", evaluations: seen.length});
    expect(end.loss).toBeLessThan(1e-14);
  });

  test("one iteration a step, with the state in between, takes the same way", async () => {
    const {inputs, outputs} = fixture("core/lbfgs-rosenbrock");
    const minimizer = lbfgsFloat64({toleranceGradient: 1e-12, toleranceChange: 1e-15});
    let params = Float64Array.from(numbers(inputs.x0));
    let state = minimizer.init(params);
    const [points, tolerances] = [rowsOf(numbers(outputs.x), 2), numbers(outputs.loss_rtol)];
    for (const [k, rtol] of tolerances.entries()) {
      if (rtol >= 1e-6) break;
      const next = await minimizer.step(rosenbrock, params, state);
      ({params, state} = next as {params: Float64Array<ArrayBuffer>; state: typeof state});
      for (const i of [0, 1]) expect(params[i]).toBeCloseTo(points[k]?.[i] as number, 6);
      expect(state.iterations).toBe(k + 1);
    }
    expect(state.iterations).toBeGreaterThan(8);
  });

  test("fits a tree of arrays to more digits than float32 has, and waits for a loss that is a promise", async () => {
    type Curve = {rate: Float64Array; line: Float64Array[]};
    const x = Array.from({length: 30}, (_, i) => i / 10);
    const y = x.map((at) => 2 * Math.exp(-1.3 * at) + 0.7);
    const loss = async ({rate, line}: Curve): Promise<[number, Curve]> => {
      const [k, a, b] = [rate[0], line[0]?.[0], line[1]?.[0]] as [number, number, number];
      const grads = [0, 0, 0];
      let sum = 0;
      x.forEach((at, i) => {
        const decay = Math.exp(-k * at);
        const error = a * decay + b - (y[i] as number);
        sum += error ** 2;
        [-a * at * decay, decay, 1].forEach((slope, j) => {
          grads[j] = (grads[j] as number) + 2 * error * slope;
        });
      });
      const [dk, da, db] = grads as [number, number, number];
      return [sum, {rate: Float64Array.of(dk), line: [Float64Array.of(da), Float64Array.of(db)]}];
    };
    const start: Curve = {rate: Float64Array.of(0.2), line: [Float64Array.of(1), Float64Array.of(0)]};
    const end = await lbfgsFloat64<Curve>({toleranceGradient: 1e-13, toleranceChange: 0}).minimize(
      loss,
      start
    );
    expect(end.params.rate[0]).toBeCloseTo(1.3, 10);
    expect(end.params.line.map(([value]) => value)).toEqual([expect.closeTo(2, 10), expect.closeTo(0.7, 10)]);
    expect(start.rate[0]).toBe(0.2);
  });

  test("steps back from where the loss is not a number", async () => {
    const loss: Loss = (x) => {
      const at = x[0] as number;
      return [at - Math.log(at), Float64Array.of(1 - 1 / at)];
    };
    const end = await lbfgsFloat64({learningRate: 40, toleranceGradient: 1e-10}).minimize(
      loss,
      Float64Array.of(5)
    );
    expect(end.params[0]).toBeCloseTo(1, 9);
    expect(end.stopped).toBe("gradient");
  });

  test("says why it stopped", async () => {
    const line: Loss = (x) => [x[0] as number, Float64Array.of(1)];
    const square: Loss = (x) => [(x[0] as number) ** 2, Float64Array.of(2 * (x[0] as number))];
    const uphill: Loss = (x) => [(x[0] as number) ** 2, Float64Array.of(-2 * (x[0] as number))];
    const one = Float64Array.of(1);
    const run = (loss: Loss, options = {}, limits = {}) => lbfgsFloat64(options).minimize(loss, one, limits);
    expect((await run(square)).stopped).toBe("gradient");
    expect(await run(line, {}, {maxIterations: 1})).toMatchObject({stopped: "iterations", iterations: 1});
    expect((await run(line, {}, {maxEvaluations: 2})).stopped).toBe("evaluations");
    expect(await run(line, {}, {onIteration: () => false})).toMatchObject({stopped: "asked", iterations: 1});
    expect(await run(() => [NaN, one])).toMatchObject({stopped: "not finite", iterations: 0, params: one});
    expect((await run(square, {toleranceGradient: 0, toleranceChange: 10})).stopped).toBe("descent");
    expect(await run(uphill)).toMatchObject({stopped: "change", params: one});
  });

  test("a direction that does not lead down is forgotten with its pairs", async () => {
    const minimizer = lbfgsFloat64();
    const bowl =
      (sign: number): Loss =>
      (x) => [sign * 3 * (x[0] as number) ** 2, Float64Array.of(sign * 6 * (x[0] as number))];
    const first = await minimizer.step(bowl(1), Float64Array.of(1), minimizer.init(Float64Array.of(1)), {
      iterations: 2
    });
    const stuck = await minimizer.step(
      (x) => [-(x[0] as number), Float64Array.of(0)],
      first.params,
      first.state
    );
    expect(stuck.stopped).toBe("gradient");
    expect(first.state.iterations).toBeGreaterThan(0);
    expect(
      (await lbfgsFloat64({toleranceChange: 1e9}).step(bowl(1), Float64Array.of(1), first.state)).state
        .iterations
    ).toBe(0);
  });

  test("says which arguments are wrong", async () => {
    const {ArgumentError} = ops;
    for (const [options, words] of [
      [{historySize: 0}, /historySize/],
      [{historySize: 101}, /historySize.*100/],
      [{learningRate: 0}, /learningRate/],
      [{c1: -1}, /c1/],
      [{c1: 0.5, c2: 0.4}, /c2/],
      [{maxLineSearch: 0}, /maxLineSearch/],
      [{toleranceGradient: NaN}, /toleranceGradient/],
      [{toleranceChange: -1}, /toleranceChange/]
    ] as const) {
      expect(() => lbfgsFloat64(options), String(words)).toThrow(ArgumentError);
      expect(() => ops.lbfgs(options)).toThrow(words);
    }
    const minimize = (params: unknown) => lbfgsFloat64().minimize(rosenbrock, params as Float64Array);
    await expect(minimize([1, 2])).rejects.toThrow(/Float64Array.from/);
    await expect(minimize(Float32Array.of(1))).rejects.toThrow(ArgumentError);
    await expect(lbfgsFloat64().minimize(rosenbrock, Float64Array.of(1), {maxIterations: 0})).rejects.toThrow(
      /maxIterations/
    );
  });
});

describe("the strong Wolfe search", () => {
  const options = {c1: 1e-4, c2: 0.1, maxEvaluations: 25, shortest: 1e-12};
  const search = async (f: (t: number) => [loss: number, slope: number], first: number, more = {}) => {
    const at = async (t: number) => ({t, loss: f(t)[0], slope: f(t)[1]});
    const found = await strongWolfe(at, await at(0), first, {...options, ...more});
    return {found, start: await at(0)};
  };

  // Functions 1 to 3 of Moré & Thuente (1994), which made line searches fail; beta as there.
  const hard: Record<string, (t: number) => [number, number]> = {
    "function 1": (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
    "function 2": (t) => [
      (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
      5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3
    ],
    "function 3": (t) => {
      const wave = (39 * Math.PI) / 2;
      const smooth =
        t <= 0.99 ? [1 - t, -1] : t >= 1.01 ? [t - 1, 1] : [((t - 1) ** 2 / 0.01 + 0.01) / 2, (t - 1) / 0.01];
      const [value, slope] = smooth as [number, number];
      return [value + (1.98 / 39 / Math.PI) * Math.sin(wave * t), slope + 0.99 * Math.cos(wave * t)];
    }
  };

  test.each(
    Object.entries(hard).flatMap(([name, f]) =>
      [1e-3, 0.1, 10, 1e3].map((first) => [name, first, f] as const)
    )
  )("ends with a step that satisfies both conditions: %s from %d", async (_name, first, f) => {
    const {found, start} = await search(f, first);
    expect(found.loss).toBeLessThanOrEqual(start.loss + options.c1 * found.t * start.slope);
    expect(Math.abs(found.slope)).toBeLessThanOrEqual(-options.c2 * start.slope);
  });

  test("gives the lowest point it saw when its evaluations end", async () => {
    const {found} = await search((t) => [(t - 1000) ** 2, 2 * (t - 1000)], 1, {maxEvaluations: 2, c2: 1e-9});
    expect(found.t).toBeGreaterThan(1);
    expect(found.loss).toBeLessThan(999 ** 2);
  });
});
