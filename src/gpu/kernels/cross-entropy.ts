import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {
  type CrossEntropyAttrs,
  crossEntropyBackward,
  crossEntropyForward,
  type Reduction
} from "./softmax-cross-entropy.ts";

/** Beyond so many logits a sum by one workgroup would hold the GPU up. */
const MOST_FOR_ONE_WORKGROUP = 1 << 18;

/** Softmax cross-entropy of logits [rows, classes] and labels, int32 [rows] or float32 [rows, classes]; its gradient is that of the logits. */
export function crossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  labelSmoothing: number,
  reduction: Reduction
): tf.Tensor {
  if (reduction !== "none" && logits.size > MOST_FOR_ONE_WORKGROUP) {
    const rows = crossEntropy(logits, labels, labelSmoothing, "none");
    return reduction === "mean" ? tf.mean(rows) : tf.sum(rows);
  }
  const [loss, probabilities] = crossEntropyForward({logits, labels}, {labelSmoothing, reduction});
  // The tape has its own hold on what the gradient needs.
  (probabilities as tf.Tensor).dispose();
  return loss as tf.Tensor;
}

tf.registerGradient({
  kernelName: "PetriSoftmaxCrossEntropy",
  inputsToSave: ["logits", "labels"],
  outputsToSave: [false, true],
  gradFunc(dys, saved, attrs) {
    const [logits, labels, probabilities] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [dy] = dys as tf.Tensor[] as [tf.Tensor];
    const settings = attrs as unknown as CrossEntropyAttrs;
    return {
      logits: () =>
        isRecording()
          ? differentiable(dy, logits, labels, settings)
          : (crossEntropyBackward({probabilities, labels, dy}, settings)[0] as tf.Tensor),
      labels: () => {
        throw new Error("Softmax cross-entropy has no gradient by its labels.");
      }
    };
  }
});

/** The gradient in ordinary operations, for a gradient of the gradient. */
function differentiable(dy: tf.Tensor, x: tf.Tensor, labels: tf.Tensor, attrs: CrossEntropyAttrs): tf.Tensor {
  const [rows = 1, classes = 1] = x.shape;
  // tfjs's wasm kernel writes int32 bits whatever type is asked for: cast after it.
  const hard = labels.rank === 1 ? tf.cast(tf.oneHot(labels, classes), "float32") : labels;
  const targets = tf.add(tf.mul(hard, 1 - attrs.labelSmoothing), attrs.labelSmoothing / classes);
  const grads = tf.sub(tf.mul(tf.softmax(x), tf.sum(targets, 1, true)), targets);
  const share = attrs.reduction === "mean" ? 1 / rows : 1;
  return tf.mul(grads, tf.mul(dy.rank === 0 ? dy : tf.expandDims(dy, 1), share));
}
