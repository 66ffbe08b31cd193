import * as tf from "../tfjs.ts";

/** Gradients by input name: each a function of what is saved. */
type Gradients = Record<string, () => tf.Tensor>;

/** What an operation's gradient is made of. */
interface Gradient<A> {
  kernelName: string;
  /** Inputs that the gradient needs, in the order in which they are given. */
  save?: readonly string[];
  grads: (dys: readonly tf.Tensor[], saved: readonly tf.Tensor[], attrs: A) => Gradients;
  /** Which outputs it needs besides; they come after the inputs. */
  saveOutputs?: readonly boolean[];
}

/** Tells tfjs the gradient of a kernel. `dys` has one gradient an output; it must be written in ordinary operations to be differentiable itself. */
export function registerGradient<A = object>({kernelName, save, saveOutputs, grads}: Gradient<A>): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [...(save ?? [])],
    outputsToSave: [...(saveOutputs ?? [])],
    gradFunc: (dy, saved, attrs) => grads(Array.isArray(dy) ? dy : [dy], saved, attrs as A)
  });
}

/** Zeros of a tensor's shape, float32 whatever its type: what tfjs expects of a gradient. */
export function noGradient(x: tf.Tensor): tf.Tensor {
  return tf.zeros(x.shape);
}
