/** Eigenvalues, the largest first, and the unit vectors that belong to them, [n][n]. */
export interface Eigen {
  values: Float64Array;
  vectors: Float64Array[];
}

const SWEEPS = 60;

/**
 * The eigenvalues and eigenvectors of a symmetric matrix [n, n], by rotations that make one pair of entries zero at a time (Jacobi):
 * small matrices in float64, exact to rounding.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix);
  const vectors = Array.from({length: n}, (_, i) =>
    Float64Array.from({length: n}, (_, j) => (i === j ? 1 : 0))
  );
  const at = (i: number, j: number) => a[i * n + j] as number;
  const scale = a.reduce((sum, each) => sum + each * each, 0);
  for (let sweep = 0; sweep < SWEEPS; ++sweep) {
    let off = 0;
    for (let i = 0; i < n; ++i) for (let j = 0; j < i; ++j) off += at(i, j) ** 2;
    if (off <= 1e-26 * scale) break;
    for (let p = 0; p < n; ++p)
      for (let q = p + 1; q < n; ++q) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        rotate(a, vectors, {n, p, q, cosine, sine: tangent * cosine});
      }
  }
  const order = Array.from({length: n}, (_, i) => i).sort((i, j) => at(j, j) - at(i, i));
  return {
    values: Float64Array.from(order, (i) => at(i, i)),
    vectors: order.map((i) => vectors[i] as Float64Array)
  };
}

interface Rotation {
  n: number;
  p: number;
  q: number;
  cosine: number;
  sine: number;
}

function rotate(a: Float64Array, vectors: Float64Array[], {n, p, q, cosine, sine}: Rotation): void {
  const turn = (of: Float64Array, i: number, other: Float64Array, j: number) => {
    const [x, y] = [of[i] as number, other[j] as number];
    of[i] = cosine * x - sine * y;
    other[j] = sine * x + cosine * y;
  };
  for (let k = 0; k < n; ++k) turn(a, k * n + p, a, k * n + q);
  for (let k = 0; k < n; ++k) turn(a, p * n + k, a, q * n + k);
  const [first, second] = [vectors[p] as Float64Array, vectors[q] as Float64Array];
  for (let k = 0; k < n; ++k) turn(first, k, second, k);
}
