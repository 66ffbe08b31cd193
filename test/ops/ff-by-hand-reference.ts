// Forward-Forward once more, in loops of float64: what its kernels and its tape are compared with.

export interface HandSettings {
  goodness: "sum" | "mean";
  normalization: "rms" | "length" | "none";
  epsilon: number;
  threshold: number;
  /** SymBa: every positive is compared with its own negative, and not with the threshold. */
  alpha?: number;
  peer?: {weight: number; momentum: number; initial: number};
}

/** [in][units] and [units]. */
export interface HandLayer {
  kernel: number[][];
  bias: number[];
}

const sum = (row: readonly number[]) => row.reduce((all, value) => all + value, 0);
const mean = (row: readonly number[]) => sum(row) / row.length;

/** A row divided by its size + epsilon. */
export function dividedByHand(row: number[], {normalization, epsilon}: HandSettings): number[] {
  if (normalization === "none") return row;
  const squares = row.map((value) => value * value);
  const size = Math.sqrt(normalization === "rms" ? mean(squares) : sum(squares)) + epsilon;
  return row.map((value) => value / size);
}

export function reluByHand(row: number[], {kernel, bias}: HandLayer): number[] {
  return bias.map((own, j) =>
    Math.max(0, own + sum(row.map((value, i) => value * (kernel[i]?.[j] as number))))
  );
}

export function goodnessByHand(row: number[], {goodness}: HandSettings): number {
  const squares = row.map((value) => value * value);
  return goodness === "sum" ? sum(squares) : mean(squares);
}

/** A block's loss on what it is given, positives first, and the running means after the step. */
export function lossByHand(given: number[][], layer: HandLayer, settings: HandSettings) {
  const outputs = given.map((row) => reluByHand(row, layer));
  const half = given.length / 2;
  const {alpha} = settings;
  const losses = outputs.map((row, i) => {
    const own = goodnessByHand(row, settings);
    const other = outputs[(i + half) % given.length] as number[];
    const excess = alpha ? alpha * (own - goodnessByHand(other, settings)) : own - settings.threshold;
    return Math.log1p(Math.exp(i < half ? -excess : excess));
  });
  const {peer} = settings;
  if (!peer) return {loss: mean(losses), peerMean: []};
  const peerMean = layer.bias.map(
    (_, j) =>
      peer.momentum * peer.initial +
      (1 - peer.momentum) * mean(outputs.slice(0, half).map((row) => row[j] as number))
  );
  const all = mean(peerMean);
  return {loss: mean(losses) + peer.weight * mean(peerMean.map((own) => (all - own) ** 2)), peerMean};
}

/** The slopes of that loss by all numbers of the kernel, row after row, by differences. */
export function slopesByHand(given: number[][], layer: HandLayer, settings: HandSettings): number[] {
  const step = 1e-5;
  return layer.kernel.flatMap((row, i) =>
    row.map((_, j) => {
      const at = (by: number) => {
        const kernel = layer.kernel.map((own, r) =>
          own.map((value, c) => (r === i && c === j ? value + by : value))
        );
        return lossByHand(given, {...layer, kernel}, settings).loss;
      };
      return (at(step) - at(-step)) / (2 * step);
    })
  );
}

/** rows x matrix, [in][out], and a bias if there is one. */
export function productByHand(row: number[], matrix: number[][], bias: number[] = []): number[] {
  return (matrix[0] as number[]).map(
    (_, j) => (bias[j] ?? 0) + sum(row.map((value, i) => value * (matrix[i]?.[j] as number)))
  );
}

/** Minus the logarithm of the softmax of the right class. */
export function crossEntropyByHand(scores: number[], label: number): number {
  const most = Math.max(...scores);
  return Math.log(sum(scores.map((score) => Math.exp(score - most)))) + most - (scores[label] as number);
}

/** The mean squares of channels that belong to each class, `each` of them one after the other. */
export function classGoodnessByHand(channels: number[], each: number): number[] {
  return Array.from({length: channels.length / each}, (_, c) =>
    mean(channels.slice(c * each, (c + 1) * each).map((value) => value * value))
  );
}
