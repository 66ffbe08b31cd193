/** Examples for classification in plain typed arrays, row after row: it can be sent to a worker and needs no tfjs. */
export interface Dataset {
  name: string;
  /** All inputs, row-major: labels.length x the product of inputShape. */
  inputs: Float32Array;
  /** The shape of one input. */
  inputShape: number[];
  /** Class numbers from 0. */
  labels: Int32Array;
  /** How many classes there are, or their names. */
  classes: number | string[];
  /** Whom to thank and under which licence. */
  attribution?: string;
  /** SHA-256 of the source's bytes, hex. */
  hash?: string;
}

/** Numbers an example. */
export function inputSize(data: Dataset): number {
  return data.inputShape.reduce((size, dim) => size * dim, 1);
}

/** The rows with these numbers, as a dataset of the same kind. */
export function subset(data: Dataset, rows: ArrayLike<number>, name = data.name): Dataset {
  const width = inputSize(data);
  const inputs = new Float32Array(rows.length * width);
  const labels = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; ++i) {
    const row = rows[i] as number;
    inputs.set(data.inputs.subarray(row * width, (row + 1) * width), i * width);
    labels[i] = data.labels[row] as number;
  }
  return {...data, name, inputs, labels};
}
