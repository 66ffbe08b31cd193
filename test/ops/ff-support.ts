import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {tf, tree, key} = ops;

/** What a step of a network asks its optimizer to do, by child: the last that it asks of each. */
export function updatesOf<P extends Params>(model: Layer<P>, params: P, x: Tensor, y: Tensor, seed = 3) {
  const updates: Record<string, Params> = {};
  const state = ops.initState(model as Layer, x.shape.slice(1), key(seed));
  const learned = model.learning?.learn(params, x, y, {
    training: true,
    key: key(seed),
    state,
    update: (name, grads) => {
      updates[name] = tree.map((grad: Tensor) => tf.keep(tf.clone(grad)), grads);
    }
  });
  return {updates, learned};
}

/** A batch as a dataset: labels where y is int32, else targets. */
export async function datasetOf(x: Tensor, y: Tensor, classes: number): Promise<Dataset> {
  const inputs = Float32Array.from(await x.data());
  const base = {name: "fixture", inputs, inputShape: x.shape.slice(1)};
  const wanted = await y.data();
  if (y.dtype === "int32") return {...base, labels: Int32Array.from(wanted), classes} as Dataset;
  return {...base, targets: Float32Array.from(wanted), targetShape: y.shape.slice(1)} as Dataset;
}

/** The number that a scalar holds. */
export async function numberOf(scalar: Tensor | undefined): Promise<number> {
  const [value = NaN] = (await scalar?.data()) ?? [];
  return value;
}
