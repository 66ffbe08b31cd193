// Losses in plain float64 arithmetic, written from their formulas one example at a time, and derivatives of any function
// by central differences: what the tensor versions are checked against.

export type Plain = (x: readonly number[]) => number;

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Consecutive rows of `columns` numbers. */
export function rowsOf(values: readonly number[], columns: number): number[][] {
  return Array.from({length: values.length / columns}, (_, r) =>
    values.slice(r * columns, (r + 1) * columns)
  );
}

const logSoftmax = (row: readonly number[]) => {
  const sum = row.reduce((total, each) => total + Math.exp(each), 0);
  return row.map((each) => each - Math.log(sum));
};

/** Mean over rows of -sum_c w_c t_c log p_c, divided by the weights of the labels. */
export function crossEntropy(
  labels: readonly number[],
  classes: number,
  smoothing: number,
  weights: readonly number[]
): Plain {
  return (x) => {
    const losses = rowsOf(x, classes).map((row, r) =>
      logSoftmax(row).reduce((sum, logP, c) => {
        const target = (1 - smoothing) * (labels[r] === c ? 1 : 0) + smoothing / classes;
        return sum - (weights[c] as number) * target * logP;
      }, 0)
    );
    const shares = labels.map((label) => weights[label] as number);
    return losses.reduce((a, b) => a + b, 0) / shares.reduce((a, b) => a + b, 0);
  };
}

/** Mean of w t log(1 + e^-z) + (1 - t) log(1 + e^z). */
export function binaryCrossEntropy(targets: readonly number[], weights: readonly number[]): Plain {
  return (x) =>
    mean(
      x.map((z, i) => {
        const t = targets[i] as number;
        const w = weights[i % weights.length] as number;
        return w * t * Math.log(1 + Math.exp(-z)) + (1 - t) * Math.log(1 + Math.exp(z));
      })
    );
}

/** Mean of e^2 / 2, or delta (|e| - delta / 2) far out. */
export function huber(targets: readonly number[], delta: number): Plain {
  return (x) =>
    mean(
      x.map((p, i) => {
        const e = Math.abs(p - (targets[i] as number));
        return e <= delta ? e ** 2 / 2 : delta * (e - delta / 2);
      })
    );
}

/** Mean over rows of the sum of t (log t - log softmax). */
export function klDivergence(targets: readonly number[], classes: number): Plain {
  const wanted = rowsOf(targets, classes);
  return (x) =>
    mean(
      rowsOf(x, classes).map((row, r) =>
        logSoftmax(row).reduce((sum, logQ, c) => {
          const t = wanted[r]?.[c] as number;
          return t === 0 ? sum : sum + t * (Math.log(t) - logQ);
        }, 0)
      )
    );
}

/** The same, by the logits of the targets, for fixed logits. */
export function klFromTargetLogits(logits: readonly number[], classes: number): Plain {
  return (x) =>
    klDivergence(
      rowsOf(x, classes).flatMap((row) => logSoftmax(row).map(Math.exp)),
      classes
    )(logits);
}

/** Mean of max(0, 1 - sign score)^2. */
export function squaredHinge(signs: readonly number[]): Plain {
  return (x) => mean(x.map((score, i) => Math.max(0, 1 - (signs[i] as number) * score) ** 2));
}

/** InfoNCE of queries (the argument) against keys, by cosines. */
export function infoNce(
  keys: readonly number[],
  features: number,
  temperature: number,
  symmetric: boolean
): Plain {
  const unit = (row: readonly number[]) => row.map((each) => each / Math.hypot(...row));
  const k = rowsOf(keys, features).map(unit);
  return (x) => {
    const q = rowsOf(x, features).map(unit);
    const cosine = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, each, i) => sum + each * (b[i] as number), 0);
    const there = q.map(
      (row, i) => -(logSoftmax(k.map((other) => cosine(row, other) / temperature))[i] as number)
    );
    const back = k.map(
      (row, i) => -(logSoftmax(q.map((other) => cosine(row, other) / temperature))[i] as number)
    );
    return symmetric ? (mean(there) + mean(back)) / 2 : mean(there);
  };
}

const moved = (x: readonly number[], i: number, by: number) =>
  x.map((each, j) => (j === i ? each + by : each));

/** The gradient by central differences. */
export function slopes(f: Plain, x: readonly number[], h = 1e-5): number[] {
  return x.map((_, i) => (f(moved(x, i, h)) - f(moved(x, i, -h))) / (2 * h));
}

/** The product of the matrix of second derivatives with v, by central differences. */
export function curvatureAlong(f: Plain, x: readonly number[], v: readonly number[], h = 1e-4): number[] {
  const [ahead, behind] = [h, -h].map((by) => x.map((each, i) => each + by * (v[i] as number))) as [
    number[],
    number[]
  ];
  const after = slopes(f, ahead, h);
  return slopes(f, behind, h).map((each, i) => ((after[i] as number) - each) / (2 * h));
}
