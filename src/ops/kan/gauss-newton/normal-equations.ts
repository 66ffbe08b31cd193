// Normal equations of least squares, collected row by row: each residual depends on few unknowns of many, so a row is a list
// of places and slopes. Damped as Levenberg and Marquardt have it, and solved by Cholesky's factors.

/** J^T J and J^T r of residuals r with slopes J. */
export class NormalEquations {
  readonly gradient: Float64Array;
  private readonly matrix: Float64Array;
  private readonly factor: Float64Array;

  constructor(readonly size: number) {
    this.gradient = new Float64Array(size);
    this.matrix = new Float64Array(size * size);
    this.factor = new Float64Array(size * size);
  }

  clear(): void {
    this.gradient.fill(0);
    this.matrix.fill(0);
  }

  /** Adds a residual with `count` slopes; their places ascend and none is there twice. */
  add(places: Int32Array, slopes: Float64Array, count: number, residual: number): void {
    const {matrix, gradient, size} = this;
    for (let a = 0; a < count; a++) {
      const slope = slopes[a] as number;
      if (slope === 0) continue;
      const place = places[a] as number;
      gradient[place] = (gradient[place] as number) + slope * residual;
      const row = place * size;
      for (let b = 0; b <= a; b++) {
        const at = row + (places[b] as number);
        matrix[at] = (matrix[at] as number) + slope * (slopes[b] as number);
      }
    }
  }

  /**
   * Writes the step down the gradient for a damping: (J^T J + damping * diagonal) step = -J^T r. Returns how much the sum
   * of squares would fall were the residuals linear, or NaN where the matrix has no factors: damp more.
   */
  step(damping: number, step: Float64Array): number {
    const {matrix, factor, gradient, size} = this;
    let most = 0;
    for (let i = 0; i < size; i++) most = Math.max(most, matrix[i * (size + 1)] as number);
    const least = LEAST_DIAGONAL * most;
    factor.set(matrix);
    for (let i = 0; i < size; i++) {
      const at = i * (size + 1);
      factor[at] = (matrix[at] as number) + damping * Math.max(matrix[at] as number, least);
    }
    if (!factorize(factor, size)) return NaN;
    for (let i = 0; i < size; i++) step[i] = -(gradient[i] as number);
    substitute(factor, size, step);
    let fall = 0;
    for (let i = 0; i < size; i++) {
      const each = step[i] as number;
      const weight = damping * Math.max(matrix[i * (size + 1)] as number, least);
      fall += each * (weight * each - (gradient[i] as number));
    }
    return fall;
  }
}

/** Unknowns that no residual depends on are damped as if they had this share of the largest diagonal entry. */
const LEAST_DIAGONAL = 1e-10;

/** Cholesky's lower factor in place of the lower half; false where there is none. */
function factorize(a: Float64Array, size: number): boolean {
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let rest = a[row + j] as number;
      for (let k = 0; k < j; k++) rest -= (a[row + k] as number) * (a[other + k] as number);
      if (j < i) a[row + j] = rest / (a[other + j] as number);
      else if (rest > 0) a[row + i] = Math.sqrt(rest);
      else return false;
    }
  }
  return true;
}

function substitute(factor: Float64Array, size: number, x: Float64Array): void {
  for (let i = 0; i < size; i++) {
    let rest = x[i] as number;
    for (let k = 0; k < i; k++) rest -= (factor[i * size + k] as number) * (x[k] as number);
    x[i] = rest / (factor[i * (size + 1)] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    const each = (x[i] as number) / (factor[i * (size + 1)] as number);
    x[i] = each;
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (factor[i * size + k] as number) * each;
  }
}
