import {describe, expect, test} from "vitest";
import {
  type Dataset,
  dyck,
  gaussianMixture,
  inputSize,
  isBalanced,
  key,
  modular,
  parity,
  piecewise,
  rowCount,
  teacherStudent
} from "./exports.ts";

const rowOf = (data: Dataset, row: number) =>
  Array.from(data.inputs.subarray(row * inputSize(data), (row + 1) * inputSize(data)));

test.each<[string, (options: {seed?: number; n?: number}) => Dataset]>([
  ["gaussianMixture", gaussianMixture],
  ["parity", parity],
  ["dyck", dyck],
  ["teacherStudent", teacherStudent],
  ["piecewise", piecewise]
])("%s: as many rows as asked for, the same for the same seed, others for another", (_, make) => {
  const data = make({n: 40, seed: 3});
  expect(rowCount(data)).toBe(40);
  expect(data.inputs.length).toBe(40 * inputSize(data));
  expect(make({n: 40, seed: 3})).toEqual(data);
  expect(make({n: 40, seed: 4}).inputs).not.toEqual(data.inputs);
  expect(() => make({n: 40, seed: 3, key: key(1)} as object)).toThrow("pass a seed or a key, not both");
  expect(() => make({n: 0})).toThrow("n must be a whole number");
});

describe("gaussianMixture", () => {
  test("has equal shares about its centres, with the noise asked for in every dimension", () => {
    const {inputs, labels, centres} = gaussianMixture({n: 9000, dimensions: 4, components: 3, noise: 0.5});
    expect(Array.from(labels.subarray(0, 4))).toEqual([0, 1, 2, 0]);
    for (let c = 0; c < 3; ++c) {
      for (let d = 0; d < 4; ++d) {
        const centre = centres[c * 4 + d] as number;
        const values = Array.from({length: 3000}, (_, i) => (inputs[(3 * i + c) * 4 + d] as number) - centre);
        const mean = values.reduce((sum, value) => sum + value, 0) / 3000;
        const variance = values.reduce((sum, value) => sum + value * value, 0) / 3000;
        expect(Math.abs(mean)).toBeLessThan(0.04);
        expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
      }
    }
  });

  test("stretches each component along one axis", () => {
    const {inputs, centres} = gaussianMixture({n: 20_000, dimensions: 2, components: 1, stretch: 3});
    let [xx, xy, yy] = [0, 0, 0];
    for (let i = 0; i < 20_000; ++i) {
      const x = (inputs[2 * i] as number) - (centres[0] as number);
      const y = (inputs[2 * i + 1] as number) - (centres[1] as number);
      xx += (x * x) / 20_000;
      xy += (x * y) / 20_000;
      yy += (y * y) / 20_000;
    }
    // Eigenvalues of the covariance: 1 across the axis and 9 along it.
    const half = Math.hypot((xx - yy) / 2, xy);
    expect((xx + yy) / 2 - half).toBeCloseTo(1, 1);
    expect(((xx + yy) / 2 + half) / 9).toBeCloseTo(1, 1);
  });
});

describe("parity", () => {
  test("makes every combination once, in the order of the binary numbers", () => {
    const data = parity({bits: 3});
    expect(rowOf(data, 0)).toEqual([-1, -1, -1]);
    expect(rowOf(data, 6)).toEqual([1, 1, -1]);
    expect(Array.from(data.labels)).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
  });

  test("counts the relevant bits only, which the key draws", () => {
    const data = parity({bits: 12, relevant: 3, n: 500, seed: 2});
    expect(new Set(data.relevant).size).toBe(3);
    data.labels.forEach((label, row) => {
      const bits = rowOf(data, row);
      expect(data.relevant.reduce((product, bit) => product * -(bits[bit] as number), 1)).toBe(1 - 2 * label);
    });
    expect(parity({bits: 12, relevant: 3, n: 5, seed: 3}).relevant).not.toEqual(data.relevant);
  });

  test.each([
    [{bits: 17}, "All combinations of 17 bits are too many: pass n"],
    [{bits: 3, relevant: 4}, "relevant is 4, and there are 3 bits"],
    [{bits: 0}, "bits must be a whole number"]
  ])("refuses %o", (options, message) => {
    expect(() => parity(options)).toThrow(message);
  });
});

describe("modular", () => {
  test.each([
    ["add", [0, 1, 2, 3, 4, 1, 2, 3, 4, 0]],
    ["subtract", [0, 4, 3, 2, 1, 1, 0, 4, 3, 2]],
    ["multiply", [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]]
  ] as const)("%s mod 5: the first two rows of the table", (operation, expected) => {
    const data = modular({p: 5, operation});
    expect(rowCount(data)).toBe(25);
    expect(Array.from(data.labels.subarray(0, 10))).toEqual(expected);
  });

  test("divide undoes multiply, and has no row for 0 below", () => {
    const data = modular({p: 7, operation: "divide", encoding: "pair"});
    expect(rowCount(data)).toBe(42);
    data.labels.forEach((quotient, row) => {
      const [a = 0, b = 0] = rowOf(data, row);
      expect((quotient * b) % 7).toBe(a);
    });
  });

  test("takes any operation on whole numbers, brought into range", () => {
    expect(Array.from(modular({p: 2, operation: (a, b) => a - 3 * b}).labels)).toEqual([0, 1, 1, 0]);
    expect(() => modular({p: 2, operation: () => 0.5})).toThrow("operation must give whole numbers, got 0.5");
  });

  test("encodes as tokens, as numbers or one-hot", () => {
    expect(rowOf(modular({p: 3}), 5)).toEqual([1, 3, 2, 4]);
    expect(rowOf(modular({p: 3, encoding: "pair"}), 5)).toEqual([1, 2]);
    expect(rowOf(modular({p: 3, encoding: "one-hot"}), 5)).toEqual([0, 1, 0, 0, 0, 1]);
  });

  test.each([
    [{p: 1}, "p must be a whole number of at least 2"],
    [{p: 9, operation: "divide" as const}, '"divide" needs a prime p, got 9'],
    [{p: 5000}, "p is at most 2000, got 5000"],
    [{operation: "mod" as never}, "operation must be add, subtract, multiply, divide or a function"],
    [{encoding: "binary" as never}, "encoding must be sequence, pair, one-hot"]
  ])("refuses %o", (options, message) => {
    expect(() => modular(options)).toThrow(message);
  });
});

describe("dyck", () => {
  /** Removes pairs that touch until none is left. */
  const balancedByErasing = (text: string) => {
    let rest = text;
    for (let before = ""; before !== rest; ) {
      before = rest;
      rest = rest.replaceAll(/\(\)|\[\]|\{\}|<>/g, "");
    }
    return rest === "";
  };
  const written = (data: {vocabulary: string[]}, tokens: ArrayLike<number>) =>
    Array.from(tokens, (token) => data.vocabulary[token]).join("");

  test.each([1, 2, 3, 4])("tells sequences of %i kinds that are valid from those that are not", (kinds) => {
    const data = dyck({n: 400, length: 12, kinds});
    data.labels.forEach((label, row) => {
      expect(balancedByErasing(written(data, rowOf(data, row)))).toBe(label === 1);
    });
    expect(data.labels.filter((label) => label === 1).length).toBe(200);
  });

  test("keeps to the depth, and reaches it", () => {
    const data = dyck({n: 100, length: 20, depth: 3, task: "next"});
    const depths = Array.from({length: 100}, (_, row) => {
      let [depth, deepest] = [0, 0];
      for (const token of data.labels.subarray(row * 20, row * 20 + 20)) {
        depth += token % 2 === 0 ? 1 : -1;
        deepest = Math.max(deepest, depth);
      }
      return deepest;
    });
    expect(Math.max(...depths)).toBe(3);
  });

  test("draws evenly: the five sequences of three pairs come equally often", () => {
    const data = dyck({n: 5000, length: 6, kinds: 1, task: "next"});
    const counts = new Map<string, number>();
    for (let row = 0; row < 5000; ++row) {
      const text = written(data, data.labels.subarray(row * 6, row * 6 + 6));
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["((()))", "(()())", "(())()", "()(())", "()()()"]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  test("has the next bracket at every position behind a start token", () => {
    const data = dyck({n: 3, length: 8, task: "next"});
    expect(data.classes).toEqual(["(", ")", "[", "]", "^"]);
    for (let row = 0; row < 3; ++row) {
      const labels = Array.from(data.labels.subarray(row * 8, row * 8 + 8));
      expect(isBalanced(labels)).toBe(true);
      expect(rowOf(data, row)).toEqual([4, ...labels.slice(0, 7)]);
    }
  });

  test("long sequences do not overflow", () => {
    const data = dyck({n: 2, length: 4000, task: "next"});
    expect(isBalanced(data.labels.subarray(0, 4000))).toBe(true);
  });

  test.each([
    [{length: 7}, "dyck needs an even length"],
    [{kinds: 5}, "1 to 4 kinds, got 16 and 5"]
  ])("refuses %o", (options, message) => {
    expect(() => dyck(options)).toThrow(message);
  });
});

describe("teacherStudent", () => {
  test("targets are what the teacher says", () => {
    const data = teacherStudent({n: 20, inputs: 3, hidden: 4, outputs: 2, activation: "relu"});
    const {kernel1, bias1, kernel2} = data.teacher;
    expect(data.targetShape).toEqual([2]);
    for (let row = 0; row < 20; ++row) {
      const expected = [0, 0];
      for (let h = 0; h < 4; ++h) {
        let sum = bias1[h] as number;
        rowOf(data, row).forEach((x, i) => {
          sum += x * (kernel1[4 * i + h] as number);
        });
        if (sum > 0)
          for (let o = 0; o < 2; ++o)
            (expected as Record<number, number>)[o] += sum * (kernel2[2 * h + o] as number);
      }
      expect(data.targets?.[2 * row]).toBeCloseTo(expected[0] as number, 5);
      expect(data.targets?.[2 * row + 1]).toBeCloseTo(expected[1] as number, 5);
    }
  });

  test("the teacher has a seed of its own", () => {
    const [a, b, c] = [{seed: 1}, {seed: 2}, {seed: 1, teacher: 5}].map(teacherStudent);
    expect(b?.teacher).toEqual(a?.teacher);
    expect(c?.teacher).not.toEqual(a?.teacher);
    expect(c?.inputs).toEqual(a?.inputs);
  });
});

describe("piecewise", () => {
  test("straight lines meet at the knots", () => {
    const {knots, inputs, targets} = piecewise({n: 2000, pieces: 4});
    expect(knots.length).toBe(5);
    expect([knots[0]?.[0], knots[4]?.[0]]).toEqual([-1, 1]);
    inputs.forEach((x, i) => {
      const right = knots.findIndex(([at]) => at > x);
      const [[x0, y0], [x1, y1]] = [knots[right - 1], knots[right]] as [[number, number], [number, number]];
      expect(targets?.[i]).toBeCloseTo((y0 * (x1 - x) + y1 * (x - x0)) / (x1 - x0), 5);
    });
  });

  test("steps keep the height at which they begin", () => {
    const {knots, inputs, targets} = piecewise({n: 300, pieces: 3, kind: "constant"});
    expect(new Set(targets).size).toBe(3);
    inputs.forEach((x, i) => {
      expect(targets?.[i]).toBe(knots.filter(([at]) => at <= x).at(-1)?.[1]);
    });
  });
});
