// Matrices of experts as low rank plus structured sparse.
import type {Params} from "../../core/tree.ts";
import {tf} from "../../tf.ts";
import {type HostExpert, permuted} from "./align.ts";
import {symmetricEigen} from "./eigen.ts";

/** A matrix, row after row. */
interface Matrix {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** left [rows, rank] right [rank, columns], row after row. */
export interface LowRank {
  left: Float64Array;
  right: Float64Array;
}

/** The product of this rank that is nearest to a matrix (Eckart & Young 1936), by the eigenvectors of the smaller of its squares. */
export function lowRank(matrix: Matrix, rank: number): LowRank {
  const {values, rows, columns} = matrix;
  if (rows > columns) {
    const {left, right} = lowRank(transposedMatrix(matrix), rank);
    return {left: flipped(right, rank, rows), right: flipped(left, columns, rank)};
  }
  const square = new Float64Array(rows * rows);
  for (let i = 0; i < rows; ++i)
    for (let j = 0; j < rows; ++j) {
      let sum = 0;
      for (let c = 0; c < columns; ++c)
        sum += (values[i * columns + c] as number) * (values[j * columns + c] as number);
      square[i * rows + j] = sum;
    }
  const {vectors} = symmetricEigen(square, rows);
  const left = new Float64Array(rows * rank);
  const right = new Float64Array(rank * columns);
  for (let r = 0; r < Math.min(rank, rows); ++r)
    for (let i = 0; i < rows; ++i) {
      const weight = vectors[r]?.[i] as number;
      left[i * rank + r] = weight;
      for (let c = 0; c < columns; ++c)
        right[r * columns + c] =
          (right[r * columns + c] as number) + weight * (values[i * columns + c] as number);
    }
  return {left, right};
}

const flipped = (values: Float64Array, rows: number, columns: number) =>
  Float64Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)] as number);

const transposedMatrix = ({values, rows, columns}: Matrix): Matrix => ({
  values: flipped(values, rows, columns),
  rows: columns,
  columns: rows
});

/** What a product of low rank leaves of a matrix. */
function residual({values, columns}: Matrix, {left, right}: LowRank, rank: number): Float64Array {
  return values.map((value, at) => {
    const [i, c] = [Math.floor(at / columns), at % columns];
    let sum = value;
    for (let r = 0; r < rank; ++r) sum -= (left[i * rank + r] as number) * (right[r * columns + c] as number);
    return sum;
  });
}

const firstOf = ({features, hidden, parts}: HostExpert): Matrix => ({
  values: parts.get("in/kernel") as Float64Array,
  rows: features,
  columns: hidden
});
const lastOf = ({hidden, outputs, parts}: HostExpert): Matrix => ({
  values: parts.get("out/kernel") as Float64Array,
  rows: hidden,
  columns: outputs
});

/** Hidden units, those first that products of this rank miss most of: of both matrices, each by its own size. */
function byResidual(expert: HostExpert, rank: number): number[] {
  const {hidden} = expert;
  const missed = new Float64Array(hidden);
  const add = (matrix: Matrix, unitAt: (at: number) => number) => {
    const left = residual(matrix, lowRank(matrix, rank), rank);
    const total = matrix.values.reduce((sum, value) => sum + value * value, 0) || 1;
    left.forEach((value, at) => {
      missed[unitAt(at)] = (missed[unitAt(at)] as number) + (value * value) / total;
    });
  };
  add(firstOf(expert), (at) => at % hidden);
  add(lastOf(expert), (at) => Math.floor(at / expert.outputs));
  return [...missed.keys()].sort((a, b) => (missed[b] as number) - (missed[a] as number));
}

/** The parameters of lowRankExpert for experts of mlpExpert: the hidden units that low rank misses most come first and keep their weights. */
export function compressed(experts: readonly HostExpert[], rank: number, exact: number): Params {
  const ordered = experts.map((expert) => permuted(expert, byResidual(expert, rank)));
  const part = (of: (expert: HostExpert) => Matrix, isOwn: (at: number, expert: HostExpert) => boolean) => {
    const products = ordered.map((expert) => {
      const matrix = of(expert);
      const free = {...matrix, values: matrix.values.map((value, at) => (isOwn(at, expert) ? 0 : value))};
      const product = lowRank(free, rank);
      const own = residual(matrix, product, rank).filter((_, at) => isOwn(at, expert));
      return {...product, own, rows: matrix.rows, columns: matrix.columns};
    });
    const [{rows, columns}] = products as [(typeof products)[number]];
    const stacked = (values: (each: (typeof products)[number]) => Float64Array, shape: number[]) =>
      tf.tensor(Float32Array.from(products.flatMap((each) => [...values(each)])), [experts.length, ...shape]);
    return {
      left: stacked(({left}) => left, [rows, rank]),
      right: stacked(({right}) => right, [rank, columns]),
      own: (shape: number[]) => stacked(({own}) => own, shape)
    };
  };
  const [{features, hidden, outputs, parts}] = ordered as [HostExpert];
  const bias = (name: string, size: number) =>
    parts.has(name) && {
      bias: tf.tensor2d(
        Float32Array.from(ordered.flatMap((expert) => [...(expert.parts.get(name) as Float64Array)])),
        [experts.length, size]
      )
    };
  const first = part(firstOf, (at) => at % hidden < exact);
  const last = part(lastOf, (at) => at < exact * outputs);
  return {
    in: {
      left: first.left,
      right: first.right,
      ...(exact > 0 && {own: first.own([features, exact])}),
      ...bias("in/bias", hidden)
    },
    out: {
      left: last.left,
      right: last.right,
      ...(exact > 0 && {own: last.own([exact, outputs])}),
      ...bias("out/bias", outputs)
    }
  };
}
