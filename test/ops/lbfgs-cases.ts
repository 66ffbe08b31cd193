import {beforeAll, describe, expect, test} from "vitest";
import {lbfgsDirection} from "../../src/gpu/kernels/lbfgs-direction.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectClose, fixture, numbers, tensor, use, withoutLeak} from "./support.ts";

const {tf} = ops;

/** L-BFGS over tensors: to where float32 ends. */
export function lbfgsCases(backend: BackendName): void {
  describe(`lbfgs on ${backend}`, () => {
    beforeAll(() => use(backend));
    directionCases();
    minimumCases();
    ownershipCases();
  });
}

type Pair = {a: Tensor; b: Tensor[]};

const rosenbrock = ({a, b}: Pair) => {
  const slope = tf.sub(b[0] as Tensor, tf.square(a));
  return tf.sum(tf.add(tf.mul(100, tf.square(slope)), tf.square(tf.sub(1, a))));
};
const startOf = (): Pair => ({a: tf.scalar(-1.2), b: [tf.tensor1d([1])]});

function directionCases(): void {
  test.each([1, 3, 600])("the direction is that of the dense inverse Hessian, %d pairs or numbers", (size) =>
    withoutLeak(async () => {
      const pairs = Math.min(size, 4);
      const wave = (i: number, k: number) => Math.sin(1.7 * i + k) + 0.3 * Math.cos(i * k);
      const vector = (k: number) => Array.from({length: size}, (_, i) => wave(i, k));
      const s = Array.from({length: pairs}, (_, k) => vector(k + 1));
      // Changes of the gradient along s for a Hessian that is diagonal, 1 to 3.
      const y = s.map((row) => row.map((each, i) => each * (1 + (2 * i) / size)));
      const gradient = vector(9);
      const direction = lbfgsDirection(tf.tensor2d(s), tf.tensor2d(y), tf.tensor1d(gradient));
      await expectClose(direction, denseDirection(s, y, gradient), {rtol: 1e-3, atol: 1e-4});
    })()
  );
}

/** -H g by the update of Broyden, Fletcher, Goldfarb and Shanno for the product H v alone, recursively. */
function denseDirection(s: number[][], y: number[][], gradient: number[]): number[] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, each, i) => sum + each * (b[i] as number), 0);
  const plus = (a: number[], factor: number, b: number[]) =>
    a.map((each, i) => each + factor * (b[i] as number));
  const times = (pairs: number, v: number[]): number[] => {
    if (pairs === 0) {
      const [sn, yn] = [s.at(-1), y.at(-1)] as [number[], number[]];
      return v.map((each) => (each * dot(sn, yn)) / dot(yn, yn));
    }
    // H' = (I - r s y') H (I - r y s') + r s s'
    const [sk, yk] = [s[pairs - 1], y[pairs - 1]] as [number[], number[]];
    const r = 1 / dot(sk, yk);
    const inner = times(pairs - 1, plus(v, -r * dot(sk, v), yk));
    return plus(plus(inner, -r * dot(yk, inner), sk), r * dot(sk, v), sk);
  };
  return times(s.length, gradient).map((each) => -each);
}

function minimumCases(): void {
  test(
    "finds the minimum of Rosenbrock's function, a tree of tensors",
    withoutLeak(async () => {
      const seen: number[] = [];
      const end = await ops.lbfgs<Pair>().minimize(rosenbrock, startOf(), {
        onIteration: ({loss}) => seen.push(loss)
      });
      const {outputs} = fixture("core/lbfgs-rosenbrock");
      for (const [k, want] of numbers(outputs.loss).slice(0, 6).entries()) {
        expect(Math.abs((seen[k] as number) / want - 1), `loss ${k}`).toBeLessThan(1e-3);
      }
      await expectClose(end.params.a, [1], {rtol: 1e-4});
      await expectClose(end.params.b[0] as Tensor, [1], {rtol: 1e-4});
      expect(end.params.b[0]?.shape).toEqual([1]);
      expect(end.loss).toBeLessThan(1e-8);
      expect(end.iterations).toBe(seen.length);
    })
  );

  test(
    "goes down an ill-conditioned quadratic as the reference does, until float32 ends",
    withoutLeak(async () => {
      const {inputs, outputs} = fixture("core/lbfgs-quadratic");
      const [a, c] = [tensor(inputs.A), tensor(inputs.c)];
      const loss = (x: Tensor) => {
        const error = tf.sub(x, c);
        return tf.mul(tf.sum(tf.mul(error, tf.sum(tf.mul(a, error), 1))), 0.5);
      };
      const seen: number[] = [];
      const end = await ops
        .lbfgs<Tensor>()
        .minimize(loss, tensor(inputs.x0), {onIteration: (each) => seen.push(each.loss)});
      for (const [k, want] of numbers(outputs.loss).slice(0, 5).entries()) {
        expect(Math.abs((seen[k] as number) / want - 1), `loss ${k}`).toBeLessThan(1e-3);
      }
      expect(end.loss).toBeLessThan(1e-6);
    })
  );

  test(
    "one iteration a step keeps its history in the state",
    withoutLeak(async () => {
      const minimizer = ops.lbfgs<Pair>({historySize: 2});
      let params = startOf();
      let state = minimizer.init(params);
      let loss = Number.POSITIVE_INFINITY;
      for (let k = 0; k < 6; ++k) {
        const next = await minimizer.step(rosenbrock, params, state);
        expect(next.loss).toBeLessThan(loss);
        ops.tree.dispose([params, state], [next.params, next.state]);
        ({params, state, loss} = next);
      }
      expect(state.iterations).toBe(6);
      expect((state.s as Tensor).shape).toEqual([2, 2]);
    })
  );
}

function ownershipCases(): void {
  test("minimize leaves behind its result and nothing else, also when the loss throws", async () => {
    const before = tf.memory().numTensors;
    const start = startOf();
    const end = await ops.lbfgs<Pair>().minimize(rosenbrock, start, {maxIterations: 12});
    expect(tf.memory().numTensors).toBe(before + 4);
    ops.tree.dispose(end.params);
    let calls = 0;
    const failing = (at: Pair) => {
      if (++calls > 5) throw new Error("enough");
      return rosenbrock(at);
    };
    await expect(ops.lbfgs<Pair>().minimize(failing, start)).rejects.toThrow("enough");
    expect(tf.memory().numTensors).toBe(before + 2);
    await expectClose(start.a, [-1.2]);
    ops.tree.dispose(start);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("step leaves behind its parameters and its state", async () => {
    const before = tf.memory().numTensors;
    const minimizer = ops.lbfgs<Pair>();
    const start = startOf();
    const first = await minimizer.step(rosenbrock, start, minimizer.init(start), {iterations: 3});
    const next = await minimizer.step(rosenbrock, first.params, first.state);
    ops.tree.dispose([start, first.params, first.state, next.params, next.state]);
    expect(tf.memory().numTensors).toBe(before);
  });
}
