import type {Shape} from "../../core/layer.ts";
import {entries, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {within} from "./feature-graph.ts";

/** Parameters of a network on the CPU, in which units are looked up and taken out. */
export class HostWeights {
  private readonly values: ReadonlyMap<string, {data: Float32Array; shape: Shape}>;

  private constructor(values: ReadonlyMap<string, {data: Float32Array; shape: Shape}>) {
    this.values = values;
  }

  static async read(params: Params): Promise<HostWeights> {
    const read = async ({path, leaf}: {path: string; leaf: Tensor}) => {
      const data = Float32Array.from(await leaf.data());
      return [path, {data, shape: leaf.shape}] as const;
    };
    return new HostWeights(new Map(await Promise.all(entries<Tensor>(params).map(read))));
  }

  /** Whether a layer makes nothing of its inputs for a unit: its column of the kernel is zero. */
  isUnmade(layer: string, unit: number): boolean {
    const {data, columns} = this.kernel(layer);
    for (let i = unit; i < data.length; i += columns) if (data[i] !== 0) return false;
    return true;
  }

  /** Whether a layer has no weight for what a unit gives. */
  isUnread(layer: string, unit: number, size: number): boolean {
    return this.rowsOf(layer, unit, size).every((row) =>
      this.row(layer, row).every((weight) => weight === 0)
    );
  }

  /** The rows of a kernel, seen as a matrix [..., out], that a unit goes through: several for a convolution or a flattened image. */
  rowsOf(layer: string, unit: number, size: number): number[] {
    const {data, columns} = this.kernel(layer);
    const rows: number[] = [];
    for (let row = unit; row < data.length / columns; row += size) rows.push(row);
    return rows;
  }

  row(layer: string, row: number): Float32Array {
    const {data, columns} = this.kernel(layer);
    return data.subarray(row * columns, (row + 1) * columns);
  }

  /** Whether a layer has a weight for every number it is given; a convolution uses its weights at every position. */
  isDense(layer: string): boolean {
    return this.values.get(within(layer, "kernel"))?.shape.length === 2;
  }

  hasBias(layer: string): boolean {
    return this.values.has(within(layer, "bias"));
  }

  /** Adds what constant inputs give to a layer's bias. */
  fold(layer: string, constants: readonly {row: number; value: number}[]): void {
    const bias = this.values.get(within(layer, "bias"))?.data as Float32Array;
    for (const {row, value} of constants) {
      this.row(layer, row).forEach((weight, output) => {
        bias[output] = (bias[output] as number) + weight * value;
      });
    }
  }

  /** Takes a unit's rows out of a layer that reads it, and its column out of one that makes it. */
  forget(layer: string, unit: number, as: "made" | {read: number}): void {
    const {data, columns} = this.kernel(layer);
    if (as === "made") for (let i = unit; i < data.length; i += columns) data[i] = 0;
    else for (const row of this.rowsOf(layer, unit, as.read)) this.row(layer, row).fill(0);
  }

  /** A parameter as a tensor, with the entries of some axes left out. */
  tensor(path: string, kept: ReadonlyMap<number, readonly number[]> = new Map()): Tensor {
    const {data, shape} = this.values.get(path) as {data: Float32Array; shape: Shape};
    let [values, dims]: [Float32Array, Shape] = [data, shape];
    for (const [axis, indices] of kept) [values, dims] = taken(values, dims, axis, indices);
    return tf.tensor(values, [...dims]);
  }

  private kernel(layer: string): {data: Float32Array; columns: number} {
    const {data, shape} = this.values.get(within(layer, "kernel")) as {data: Float32Array; shape: Shape};
    return {data, columns: shape.at(-1) as number};
  }
}

/** Some entries along an axis. */
function taken(
  values: Float32Array,
  shape: Shape,
  axis: number,
  indices: readonly number[]
): [Float32Array, Shape] {
  const inner = shape.slice(axis + 1).reduce((size, dim) => size * dim, 1);
  const length = shape[axis] as number;
  const outer = values.length / (inner * length);
  const out = new Float32Array(outer * indices.length * inner);
  for (let o = 0; o < outer; ++o) {
    indices.forEach((index, i) => {
      const from = (o * length + index) * inner;
      out.set(values.subarray(from, from + inner), (o * indices.length + i) * inner);
    });
  }
  return [out, shape.map((dim, at) => (at === axis ? indices.length : dim))];
}
