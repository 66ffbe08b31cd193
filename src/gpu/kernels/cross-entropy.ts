import {runKernel} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {isUnit} from "../unit.ts";
import {type CrossEntropyAttrs, partsOf, type Reduction, scaleSlopes} from "./softmax-cross-entropy.ts";

const NAME = "PetriSoftmaxCrossEntropy";

/**
 * Softmax cross-entropy of logits [rows, classes] and labels, int32 [rows] or float32 [rows, classes]; its gradient is that of the
 * logits, which is made together with the loss: going back from a loss takes no dispatch at all, from a part of one a product.
 */
export function crossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  labelSmoothing: number,
  reduction: Reduction
): tf.Tensor {
  const attrs: CrossEntropyAttrs = {labelSmoothing, reduction, hasSlopes: isRecording()};
  const [loss, slopes] = runKernel(NAME, {logits, labels}, attrs);
  // The tape has its own hold on what the gradient needs.
  slopes?.dispose();
  return loss as tf.Tensor;
}

for (const backendName of ["cpu", "wasm", "webgpu"]) {
  tf.registerKernel({
    kernelName: NAME,
    backendName,
    kernelFunc({inputs, backend, attrs}) {
      const run = (name: string, operands: object, settings: object) => {
        const {kernelFunc} = tf.getKernel(name, backendName) as tf.KernelConfig;
        return kernelFunc({inputs: operands, backend, attrs: settings} as never) as tf.TensorInfo[];
      };
      const specs = inputs as unknown as Parameters<typeof partsOf>[0];
      const settings = attrs as unknown as CrossEntropyAttrs;
      const parts = backendName === "webgpu" ? partsOf(specs, settings) : 1;
      const [losses, ...slopes] = run("PetriCrossEntropyParts", inputs, {...settings, parts});
      if (parts === 1) return [losses, ...slopes] as tf.TensorInfo[];
      const weight = settings.reduction === "mean" ? 1 / (specs.logits?.shape[0] ?? 1) : 1;
      const [loss] = run("PetriSumOfParts", {parts: losses}, {weight});
      (backend as tf.KernelBackend).disposeData((losses as tf.TensorInfo).dataId);
      return [loss, ...slopes] as tf.TensorInfo[];
    }
  });
}

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["logits", "labels"],
  outputsToSave: [false, true],
  gradFunc(dys, saved, attrs) {
    const [logits, labels, slopes] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [dy] = dys as tf.Tensor[] as [tf.Tensor];
    return {
      logits: () => {
        if (isRecording()) return differentiable(dy, logits, labels, attrs as unknown as CrossEntropyAttrs);
        return isUnit(dy) ? tf.clone(slopes) : (scaleSlopes({slopes, dy}, {})[0] as tf.Tensor);
      },
      labels: () => {
        throw new Error("Softmax cross-entropy has no gradient by its labels.");
      }
    };
  }
});

/** The gradient in ordinary operations, for a gradient of the gradient. */
function differentiable(dy: tf.Tensor, x: tf.Tensor, labels: tf.Tensor, attrs: CrossEntropyAttrs): tf.Tensor {
  const [rows = 1, classes = 1] = x.shape;
  const hard = labels.rank === 1 ? oneHot(labels, classes) : labels;
  const targets = tf.add(tf.mul(hard, 1 - attrs.labelSmoothing), attrs.labelSmoothing / classes);
  const grads = tf.sub(tf.mul(tf.softmax(x), tf.sum(targets, 1, true)), targets);
  const share = attrs.reduction === "mean" ? 1 / rows : 1;
  return tf.mul(grads, tf.mul(dy.rank === 0 ? dy : tf.expandDims(dy, 1), share));
}

/**
 * Class numbers, int32 [rows], as rows of zeros and a one, float32 [rows, classes]; a number that is no class gives a row of
 * NaN. tfjs's own refuses a single class, and forgets numbers that are none.
 */
export function oneHot(labels: tf.Tensor, classes: number): tf.Tensor {
  const rows = labels.shape[0] as number;
  const column = tf.reshape(labels, [rows, 1]);
  const own = tf.cast(tf.equal(column, tf.range(0, classes, 1, "int32")), "float32");
  const isClass = tf.logicalAnd(tf.greaterEqual(column, 0), tf.less(column, classes));
  return tf.where(isClass, own, tf.fill([rows, classes], Number.NaN));
}
