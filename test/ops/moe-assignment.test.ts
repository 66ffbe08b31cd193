import {describe, expect, test} from "vitest";
import {key} from "../../src/ops/core/key.ts";
import {assign} from "../../src/ops/moe/transforms/assignment.ts";
import {balancedClusters, groupsOf, swapped} from "../../src/ops/moe/transforms/clusters.ts";
import {symmetricEigen} from "../../src/ops/moe/transforms/eigen.ts";
import {spectralClusters} from "../../src/ops/moe/transforms/uncurl.ts";

/** All ways of giving columns to rows, none to more than `capacity`. */
function* ways(rows: number, columns: number, capacity: number, so: number[] = []): Generator<number[]> {
  if (so.length === rows) return yield so;
  for (let j = 0; j < columns; ++j)
    if (so.filter((each) => each === j).length < capacity) yield* ways(rows, columns, capacity, [...so, j]);
}

const random = (seed: number, size: number) => Float64Array.from(key(seed).uniform(size));

describe("assignment", () => {
  test.each([
    {rows: 5, columns: 5, capacity: 1},
    {rows: 3, columns: 5, capacity: 1},
    {rows: 6, columns: 3, capacity: 2},
    {rows: 5, columns: 2, capacity: 3}
  ])(
    "the least cost of all ways, $rows rows in $columns columns of $capacity",
    ({rows, columns, capacity}) => {
      for (let seed = 0; seed < 20; ++seed) {
        const values = random(seed, rows * columns);
        const cost = (so: ArrayLike<number>) =>
          Array.from(so).reduce((sum, j, row) => sum + (values[row * columns + j] as number), 0);
        const found = assign({values, rows, columns}, capacity);
        const counts = groupsOf(found, columns).map((group) => group.length);
        expect(Math.max(...counts)).toBeLessThanOrEqual(capacity);
        const least = Math.min(...[...ways(rows, columns, capacity)].map(cost));
        expect(cost(found)).toBeCloseTo(least, 9);
      }
    }
  );

  test("balanced clusters find the groups that are there, of equal size", () => {
    // Two near points and four that lie further out: plain k-means would not divide them evenly.
    const points = Float64Array.from([0, 0.1, 0.2, 5, 5.1, 5.2]);
    expect(groupsOf(balancedClusters({values: points, rows: 6, columns: 1}, 2, [1, 2]), 2)).toEqual([
      [0, 1, 2],
      [3, 4, 5]
    ]);
    const uneven = Float64Array.from([0, 10, 10.1, 10.2, 10.3, 10.4]);
    const groups = groupsOf(balancedClusters({values: uneven, rows: 6, columns: 1}, 2, [0, 5]), 2);
    expect(groups.map((group) => group.length)).toEqual([3, 3]);
  });

  test("swaps find the parts of a graph that has them", () => {
    const nodes = 12;
    const part = (node: number) => node % 3;
    const noise = random(4, nodes * nodes);
    const values = new Float64Array(nodes * nodes);
    for (let a = 0; a < nodes; ++a)
      for (let b = 0; b < a; ++b) {
        const weight = (part(a) === part(b) ? 1 : 0) + 0.3 * (noise[a * nodes + b] as number);
        values[a * nodes + b] = weight;
        values[b * nodes + a] = weight;
      }
    const start = Int32Array.from({length: nodes}, (_, node) => Math.floor(node / 4));
    const groups = groupsOf(swapped({values, rows: nodes, columns: nodes}, start, 3), 3);
    expect(groups.map((group) => new Set(group.map(part)).size)).toEqual([1, 1, 1]);
  });
});

describe("eigenvectors", () => {
  test("matrix times vector is value times vector, vectors are of length one and apart, values come in order", () => {
    const n = 7;
    const drawn = random(3, n * n);
    const matrix = drawn.map(
      (_, at) => (drawn[at] as number) + (drawn[(at % n) * n + Math.floor(at / n)] as number)
    );
    const {values, vectors} = symmetricEigen(matrix, n);
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
    vectors.forEach((vector, i) => {
      for (let row = 0; row < n; ++row) {
        const product = vector.reduce((sum, each, j) => sum + each * (matrix[row * n + j] as number), 0);
        expect(product).toBeCloseTo((values[i] as number) * (vector[row] as number), 9);
      }
      vectors.forEach((other, j) => {
        const dot = vector.reduce((sum, each, at) => sum + each * (other[at] as number), 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 9);
      });
    });
  });

  test("a graph of three bundles is cut into them", () => {
    const part = [0, 1, 2, 2, 1, 0, 0, 1];
    const noise = random(5, 64);
    const likeness = Float64Array.from({length: 64}, (_, at) => {
      const [a, b] = [Math.floor(at / 8), at % 8];
      const [i, j] = [Math.min(a, b), Math.max(a, b)];
      return (part[a] === part[b] ? 0.8 : -0.1) + 0.2 * (noise[i * 8 + j] as number);
    });
    const groups = groupsOf(spectralClusters(likeness, 8, 3), 3);
    expect(groups.map((group) => group.join()).sort()).toEqual(["0,5,6", "1,4,7", "2,3"]);
  });
});
