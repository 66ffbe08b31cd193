/** Adam (Kingma & Ba 2015) on plain float64 numbers, with the defaults of PyTorch. */
export class AdamFloat64 {
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private count = 0;

  constructor(
    size: number,
    private readonly learningRate: number
  ) {
    this.mean = new Float64Array(size);
    this.square = new Float64Array(size);
  }

  /** The numbers after one more step. */
  step(values: Float64Array, gradient: Float64Array): Float64Array {
    const {mean, square, learningRate} = this;
    const count = ++this.count;
    const rate = learningRate / (1 - 0.9 ** count);
    const root = Math.sqrt(1 - 0.999 ** count);
    return values.map((value, i) => {
      const slope = gradient[i] as number;
      mean[i] = 0.9 * (mean[i] as number) + 0.1 * slope;
      square[i] = 0.999 * (square[i] as number) + 0.001 * slope * slope;
      return value - (rate * (mean[i] as number)) / (Math.sqrt(square[i] as number) / root + 1e-8);
    });
  }
}
