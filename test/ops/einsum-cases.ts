import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {normal} from "./derivative-table.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** Einstein summation against loops over all indices. */
export function einsumCases(backend: BackendName): void {
  describe(`einsum on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      [
        "ij,jk->ik",
        [
          [2, 3],
          [3, 4]
        ]
      ],
      [
        "bij,bkj->bik",
        [
          [2, 3, 4],
          [2, 5, 4]
        ]
      ],
      [
        "bhqd,bkhd->bhqk",
        [
          [2, 3, 4, 5],
          [2, 6, 3, 5]
        ]
      ],
      [
        "ij,ij->i",
        [
          [3, 4],
          [3, 4]
        ]
      ],
      ["i,j->ji", [[3], [4]]],
      ["ij->j", [[3, 4]]],
      ["ba", [[3, 4]]],
      ["ii->i", [[3, 3]]],
      [
        "iij,jk",
        [
          [2, 2, 3],
          [3, 4]
        ]
      ],
      [
        "ij,jk,kl->il",
        [
          [2, 3],
          [3, 4],
          [4, 2]
        ]
      ],
      [
        "ijk,jl->l",
        [
          [2, 3, 4],
          [3, 5]
        ]
      ]
    ])("%s is the sum over all indices", (equation, shapes) =>
      withoutLeak(async () => {
        const inputs = shapes.map((shape, i) => normal(i + 1, ...shape));
        const values = await Promise.all(inputs.map(valuesOf));
        const {shape, sums} = summedByHand(equation, shapes, values);
        const result = ops.einsum(equation, ...inputs);
        expect(result.shape).toEqual(shape);
        await expectClose(result, sums);
      })()
    );

    test(
      "refuses what it cannot read, and sizes that differ",
      withoutLeak(async () => {
        const [a, b] = [normal(1, 2, 3), normal(2, 4, 3)];
        expect(() => ops.einsum("ij,jk->ik", a)).toThrow("is about 2 tensors, but 1 came");
        expect(() => ops.einsum("...i->i", a)).toThrow("letters, commas and one arrow");
        expect(() => ops.einsum("ij->ik", a)).toThrow('gives "k", which no operand has');
        expect(() => ops.einsum("ij,jk->ik", a, b)).toThrow('"j" is 3 and 4 long in [2, 3] and [4, 3]');
        expect(() => ops.einsum("ijk->i", a)).toThrow('"ijk" names 3 dimensions');
      })
    );
  });
}

/** Einstein's convention taken at its word: for all indices, the product is added to where the output's labels point. */
function summedByHand(equation: string, shapes: readonly number[][], values: readonly number[][]) {
  const [left = "", given] = equation.split("->");
  const labels = left.split(",");
  const all = [...new Set(left.replaceAll(",", ""))];
  const once = all.filter((label) => left.split(label).length === 2).sort();
  const output = given === undefined ? once : [...given];
  const sizeOf = (label: string) => {
    const operand = labels.findIndex((own) => own.includes(label));
    return shapes[operand]?.[(labels[operand] as string).indexOf(label)] as number;
  };
  const shape = output.map(sizeOf);
  const sums = Array<number>(shape.reduce((product, dim) => product * dim, 1)).fill(0);
  const at = new Map<string, number>();
  const placeOf = (names: readonly string[]) =>
    names.reduce((place, label) => place * sizeOf(label) + (at.get(label) as number), 0);
  const walk = (depth: number): void => {
    if (depth === all.length) {
      const product = labels.reduce((sofar, own, i) => sofar * (values[i]?.[placeOf([...own])] as number), 1);
      const place = placeOf(output);
      sums[place] = (sums[place] as number) + product;
      return;
    }
    const label = all[depth] as string;
    for (let i = 0; i < sizeOf(label); ++i) {
      at.set(label, i);
      walk(depth + 1);
    }
  };
  walk(0);
  return {shape, sums};
}
