// What calibration tells of a layer's inputs.
import {entries, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {eachBatch, type WithData} from "./evidence.ts";

/** Sums over the data, and over all positions of images and sequences, of every feature of a layer's inputs. */
export interface InputSums {
  squares: Tensor;
  values: Tensor;
  /** How many were added up. */
  count: number;
}

/** The path of the layer that a parameter belongs to. */
export const layerOf = (path: string) => path.split("/").slice(0, -1).join("/");

/** Whether a parameter is a kernel [..., in, out] that multiplies these inputs. */
export const fits = (w: Tensor, {squares}: InputSums) => w.rank > 1 && w.shape.at(-2) === squares.shape[0];

/** The sums of the inputs of every layer that has parameters, by the layer's path. The caller owns the tensors. */
export function inputSums(params: Params, evidence: WithData): Record<string, InputSums> {
  const {model, modelState} = evidence;
  const wanted = new Set(entries<Tensor>(params).map(({path}) => layerOf(path)));
  const found = new Map<string, InputSums>();
  const see = (path: string, x: Tensor) => {
    if (!wanted.has(path)) return;
    const before = found.get(path);
    const features = x.shape.at(-1) as number;
    const [squares, values] = tidy(() => {
      const rows = tf.reshape(x, [-1, features]);
      const squares = tf.sum(tf.square(rows), 0);
      const values = tf.sum(rows, 0);
      const added = before
        ? [tf.add(before.squares, squares), tf.add(before.values, values)]
        : [squares, values];
      return added.map((sum) => tf.keep(sum)) as [Tensor, Tensor];
    });
    tf.dispose([before?.squares, before?.values].filter((sum) => sum !== undefined));
    found.set(path, {squares, values, count: (before?.count ?? 0) + x.size / features});
  };
  try {
    eachBatch(evidence, (x) => {
      see("", x);
      model.apply(params, x, {training: false, see, ...(modelState && {state: modelState})});
    });
    return Object.fromEntries(
      [...found].map(([path, {squares, values, count}]) => [
        path,
        {squares: tf.clone(squares), values: tf.clone(values), count}
      ])
    );
  } finally {
    for (const {squares, values} of found.values()) tf.dispose([squares, values]);
  }
}
