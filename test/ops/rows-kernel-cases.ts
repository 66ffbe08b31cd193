import {beforeAll, describe, expect, test} from "vitest";
import {sumSorted, sumTableRows, takeTableRows} from "../../src/gpu/kernels/rows.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import {expectClose, spoilMemory, use, withoutLeak} from "./support.ts";

const {tf} = ops;

/** Sums of rows by number in double precision. */
function sums(taken: ArrayLike<number>, ids: readonly number[], rows: number, features: number): number[] {
  const table = Array<number>(rows * features).fill(0);
  ids.forEach((row, j) => {
    if (row < 0 || row >= rows) return;
    for (let f = 0; f < features; ++f) {
      const at = row * features + f;
      table[at] = (table[at] as number) + (taken[j * features + f] as number);
    }
  });
  return table;
}

/** Sums of rows by number, as the gradient of a table takes them, against the definition. */
export function rowsKernelCases(backend: BackendName): void {
  describe(`sums of rows on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      {rows: 1, features: 1, count: 1},
      {rows: 5, features: 3, count: 7},
      {rows: 70, features: 130, count: 2100},
      {rows: 300, features: 2, count: 90}
    ])("$count rows of $features into $rows, in two ways, twice the same bits", ({rows, features, count}) =>
      withoutLeak(async () => {
        // Some are below the table and some beyond it; one number comes often.
        const ids = Array.from(ops.key(1).uniform(count, -1, rows + 1), (value, i) =>
          i % 4 === 0 ? 0 : Math.floor(value)
        );
        const taken = ops.random.normal(ops.key(2), [count, features]);
        const numbers = tf.tensor1d(ids, "int32");
        const wanted = sums(await taken.data(), ids, rows, features);
        for (const sum of [sumTableRows, sumSorted]) {
          spoilMemory(rows * features);
          const first = sum(taken, numbers, rows);
          await expectClose(first, wanted, {atol: 1e-4});
          expect(await sum(taken, numbers, rows).data()).toEqual(await first.data());
        }
      })()
    );

    test(
      "what is no number stays in its row; of no rows the sums are zeros",
      withoutLeak(async () => {
        const ids = tf.tensor1d([1, 0, 1], "int32");
        const taken = tf.tensor2d([1, 2, 3, 4, NaN, Infinity], [3, 2]);
        expect(Array.from(await sumTableRows(taken, ids, 3).data())).toEqual([3, 4, NaN, Infinity, 0, 0]);
        await expectClose(sumTableRows(tf.zeros([0, 2]), tf.zeros([0], "int32"), 2), [0, 0, 0, 0]);
        expect(takeTableRows(tf.ones([2, 2]), tf.zeros([0], "int32")).shape).toEqual([0, 2]);
      })
    );
  });
}
