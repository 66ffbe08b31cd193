import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {MoeLayer} from "../../src/ops/moe/moe.ts";
import {
  draw,
  expectOwnShapes,
  leafAt,
  plainExpert,
  plainExperts,
  plainMoe,
  scattered,
  values
} from "./moe-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {dense, key, mlp, residual, sequential, tf, tree} = ops;
const {hashRouter, hashTable, mlpExpert, moe, readMe, selfContrast, topKRouter} = ops.moe;

const logSoftmax = (logits: readonly number[]) => {
  const total = Math.log(logits.reduce((sum, each) => sum + Math.exp(each), 0));
  return logits.map((each) => each - total);
};

/** Networks that choose ahead, and networks set against themselves. */
export function moeDomainsCases(backend: BackendName): void {
  describe(`one gate for all layers, and self-contrast, on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "each domain has the units that are most active for it, and one choice counts in all layers",
      withoutLeak(async () => {
        const block = () => residual([dense({units: 8, activation: "relu"}), dense({units: 4})]);
        const model = sequential([block(), block(), dense({units: 2})]) as Layer;
        const params = scattered(model.init(key(0), [4]));
        const domains = Array.from({length: 60}, (_, i) => i % 3);
        const shift = tf.tensor2d(domains.map((domain) => [0, 1, 2, 3].map((at) => (at === domain ? 6 : 0))));
        const x = tf.add(draw(1, [60, 4]), shift);
        const made = await readMe(model, params, x, {domains, share: 0.5});
        expect(Object.values(made.paths)).toEqual(["residual1/body/moe1", "residual2/body/moe1"]);
        expectOwnShapes(made.model, made.params, [4]);
        // The units of the second expert: the four of largest sum over its examples, counted by hand.
        const [kernel, bias] = await Promise.all([
          leafAt(params, "residual1/body/dense1/kernel").array() as Promise<number[][]>,
          values(leafAt(params, "residual1/body/dense1/bias"))
        ]);
        const rows = ((await x.array()) as number[][]).filter((_, i) => domains[i] === 1);
        const sums = bias.map((add, unit) =>
          rows.reduce(
            (sum, row) =>
              sum +
              Math.max(
                0,
                row.reduce((all, each, i) => all + each * (kernel[i]?.[unit] as number), add)
              ),
            0
          )
        );
        const best = [...sums.keys()].sort((a, b) => (sums[b] as number) - (sums[a] as number)).slice(0, 4);
        const units = best.sort((a, b) => a - b);
        const own = (await leafAt(made.params, "residual1/body/moe1/experts/in/bias").array()) as number[][];
        await expectClose(
          tf.tensor1d(own[1] as number[]),
          units.map((unit) => bias[unit] as number)
        );
        // The gate tells the domains, and the second layer follows it.
        const data = {
          name: "domains",
          inputs: Float32Array.from(await x.data()),
          inputShape: [4],
          labels: Int32Array.from(domains),
          classes: 3
        };
        const reports = await ops.moe.routingReport(made.model, made.params, data);
        for (const {specialisation} of reports)
          specialisation.forEach((row, domain) => {
            expect(row[domain]).toBeGreaterThan(0.9);
          });
        expect(reports[0]?.specialisation).toEqual(reports[1]?.specialisation);
        const whole = await readMe(model, params, x, {domains, share: 1, gateSteps: 2});
        await expectClose(whole.model.apply(whole.params, x), await values(model.apply(params, x)), {
          rtol: 1e-3,
          atol: 1e-3
        });
      })
    );

    test(
      "scores set the two best experts against the second alone, among plausible classes",
      withoutLeak(async () => {
        const mixture = moe({
          experts: 4,
          router: topKRouter({k: 2}),
          expert: mlpExpert({hidden: 5, units: 6})
        });
        const model = mixture as Layer;
        const params = scattered(mixture.init(key(0), [3]));
        const x = draw(4, [10, 3]);
        const read = await plainExperts({at: params} as Params, "at");
        const router = (await leafAt(params as Params, "router/kernel").array()) as number[][];
        const wanted = ((await x.array()) as number[][]).flatMap((row) => {
          const strong = logSoftmax(plainMoe({experts: read, router}, row, {k: 2, among: [0, 1, 2, 3]}));
          const logits = [0, 1, 2, 3].map((e) =>
            row.reduce((sum, each, i) => sum + each * (router[i]?.[e] as number), 0)
          );
          const second = [0, 1, 2, 3].sort(
            (a, b) => (logits[b] as number) - (logits[a] as number)
          )[1] as number;
          const weak = logSoftmax(plainExpert(read, second, row));
          const least = Math.max(...strong) + Math.log(0.2);
          return strong.map((each, i) => (each >= least ? 1.7 * each - 0.7 * (weak[i] as number) : -1e9));
        });
        const y = selfContrast(model, params as Params, x, {beta: 0.7, alpha: 0.2});
        await expectClose(y, wanted, {rtol: 1e-3, atol: 1e-3});
        expect(wanted.some((each) => each === -1e9)).toBe(true);
        const plain = selfContrast(model, params as Params, x, {beta: 0, alpha: 0});
        const logits = (await model.apply(params as Params, x).array()) as number[][];
        await expectClose(plain, logits.flatMap(logSoftmax), {rtol: 1e-3, atol: 1e-4});
      })
    );

    test("wrong calls say what to pass", async () => {
      const model = mlp([4, 6, 3]);
      const params = model.init(key(0));
      const x = draw(1, [5, 4]);
      expect(() => readMe(model, params, x, {domains: [0, 1]})).toThrow(/each of the 5 examples.*got 2/);
      expect(() => readMe(model, params, x, {domains: [0, 1, 2, 0.5, 1]})).toThrow(/such as 0.5/);
      expect(() => selfContrast(model, params, x)).toThrow(/no mixture/);
      const mixture = moe({experts: 2, router: topKRouter({k: 1}), expert: mlpExpert({hidden: 2})}) as Layer;
      const own = mixture.init(key(0), [4]);
      expect(() => selfContrast(mixture, own, x, {rank: 3})).toThrow(/Pass 1 to 2/);
      const two = sequential([
        dense({units: 6, activation: "relu"}),
        dense({units: 4}),
        dense({units: 6, activation: "relu"}),
        dense({units: 3})
      ]);
      const theirs = two.init(key(0), [4]);
      const made = await readMe(two as Layer, theirs, x, {domains: [0, 1, 0, 1, 0], gateSteps: 2});
      const last = (made.model.children?.([4]) ?? []).at(1)?.layer as unknown as MoeLayer;
      expect(() => last.apply((made.params as {moe2: never}).moe2, x)).toThrow(/has not been applied before/);
      const table = hashTable(2, {kind: "random", vocabulary: 9, key: key(1)});
      const hashed = sequential([
        ops.embedding({count: 9, features: 4}),
        moe({experts: 2, router: hashRouter({table}), expert: mlpExpert({hidden: 2})})
      ]);
      const ids = tf.tensor2d([[1, 2]], [1, 2]);
      const at = hashed.init(key(0), [2]);
      expect(() => selfContrast(hashed as Layer, at, ids)).toThrow(/hashRouter does not score/);
      tree.dispose([params, x, own, theirs, made.params, ids, at] as Params[]);
    });
  });
}
