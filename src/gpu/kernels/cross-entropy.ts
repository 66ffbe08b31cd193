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
