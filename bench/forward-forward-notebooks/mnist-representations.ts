// What the layers of the networks on MNIST look like: how sparse they are, and how many units the classes share.
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {normalizer} from "../../src/ops/forward-forward/normalization.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import type {Figure} from "../support/recorded-in-node.ts";
import type {Arm} from "./mnist-arms.ts";

const {tf} = ops;

/** So many test images. */
const ROWS = 2000;
const CLASSES = 10;

const divided = normalizer("rms");

/** The figures of every layer; those of each pair of classes with `overlaps`. */
export function representations(
  name: string,
  arm: Arm,
  params: Params,
  data: Dataset,
  overlaps: boolean
): Figure[] {
  const seen = (data.labels as Int32Array).slice(0, ROWS);
  const outputs = tf.tidy(() => {
    const x = tf.tensor2d((data.inputs as Float32Array).slice(0, ROWS * 784), [ROWS, 784]);
    const right = tf.cast(tf.oneHot(tf.tensor1d(seen, "int32"), CLASSES), "float32");
    return outputsOf(arm, params, arm.given?.(x, right) ?? x).map((y) => ({
      values: y.dataSync() as Float32Array,
      units: y.shape[1] as number
    }));
  });
  return outputs.flatMap(({values, units}, i) => {
    const report = ops.forwardForward.ensembleReport({values, units, labels: seen, classes: CLASSES});
    const layer = `${name}, layer ${i + 1}`;
    const sizes = report.ensembles.reduce((sum, ensemble) => sum + ensemble.length, 0) / CLASSES;
    return [
      {case: layer, metric: "sparsity", value: report.sparsity},
      {case: layer, metric: "zeros", value: report.silent},
      {case: layer, metric: "shared units", value: report.shared},
      {case: layer, metric: "units of a class", value: sizes},
      ...(overlaps ? overlapsOf(layer, report.overlaps) : [])
    ];
  });
}

/** One of each pair of classes: a class shares with another what that shares with it. */
function overlapsOf(layer: string, overlaps: readonly (readonly number[])[]): Figure[] {
  return overlaps.flatMap((row, a) =>
    row
      .slice(0, a + 1)
      .flatMap((value, b) =>
        Number.isNaN(value) ? [] : [{case: `${layer}, classes ${a} ${b}`, metric: "overlap", value}]
      )
  );
}

/** Of every hidden layer, [rows, units]; networks of positives and negatives are shown positives. */
function outputsOf({blocks, model, given}: Arm, params: Params, x: Tensor): Tensor[] {
  if (!blocks) return hidden(model(), params, x).slice(0, -1);
  const made = blocks();
  const outputs: Tensor[] = [];
  let at = x;
  for (const [i, layer] of made.entries()) {
    const own = (params as Record<string, {layer: Params}>)[`block${i + 1}`]?.layer as Params;
    outputs.push(...(layer.name === "dense" ? [layer.apply(own, at)] : hidden(layer, own, at)));
    const last = outputs.at(-1) as Tensor;
    at = given ? divided(last) : last;
  }
  return outputs;
}

/** Of the dense layers of a stack. */
function hidden(network: Layer, params: Params, x: Tensor): Tensor[] {
  const outputs: Tensor[] = [];
  const tap = (path: string, y: Tensor) => {
    if (path.startsWith("dense")) outputs.push(y);
    return y;
  };
  network.apply(params, x, {tap});
  return outputs;
}
