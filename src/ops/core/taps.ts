import {type Tensor, tf, tidy} from "../tf.ts";
import {backward} from "./backward.ts";
import type {Context, Layer} from "./layer.ts";
import type {Params} from "./tree.ts";

/** Sees the output of the layer at a path, e.g. "dense1", and returns what the network goes on with. */
type Tap = NonNullable<Context["tap"]>;

/**
 * A network whose layers' outputs pass through `tap` on their way: to look at them, or to change them (an ablation, noise).
 * Paths are those of the parameters; a tap that came with the context is called first.
 */
export function withTaps<P extends Params, L extends Layer<P>>(model: L & Layer<P>, tap: Tap): L {
  return {
    ...model,
    apply: (params: P, x: Tensor, context?: Context) => model.apply(params, x, tapped(context, tap))
  };
}

/**
 * What every layer inside a network gives for a batch, by path: `activationsOf(model, params, x)["dense1"]`. Of a layer
 * that is applied several times it is the last. The caller owns the tensors.
 *
 * @example
 * import {activationsOf, key, mlp, tf} from "petri/core";
 *
 * const model = mlp([4, 8, 3]);
 * const seen = activationsOf(model, model.init(key(0)), tf.ones([2, 4]));
 * display(Inputs.table(Object.entries(seen).map(([path, y]) => ({path, shape: y.shape.join(" x ")}))));
 */
export function activationsOf<P extends Params>(
  model: Layer<P>,
  params: P,
  x: Tensor,
  context: Context = {}
): Record<string, Tensor> {
  return tidy(() => {
    const seen: Record<string, Tensor> = {};
    const tap: Tap = (path, y) => {
      seen[path] = y;
      return y;
    };
    model.apply(params, x, tapped(context, tap));
    return Object.fromEntries(Object.entries(seen).map(([path, y]) => [path, tf.clone(y)]));
  });
}

/**
 * The gradient of a loss of the network's output by what every layer inside gives, by path:
 * `activationGradients((logits) => softmaxCrossEntropy(logits, y), model, params, x)`. The caller owns the tensors.
 */
export function activationGradients<P extends Params>(
  loss: (output: Tensor) => Tensor,
  model: Layer<P>,
  params: P,
  x: Tensor,
  context: Context = {}
): Record<string, Tensor> {
  return tidy(() => {
    const places = new Map<string, number>();
    // The backward pass begins with a tensor in its list; the outputs join it as they are made.
    const outputs: Tensor[] = [x];
    const tap: Tap = (path, y) => {
      places.set(path, outputs.push(y) - 1);
      return y;
    };
    const {grads} = backward(() => loss(model.apply(params, x, tapped(context, tap))), outputs);
    return Object.fromEntries([...places].map(([path, at]) => [path, tf.clone(grads[at] as Tensor)]));
  });
}

function tapped(context: Context = {}, tap: Tap): Context {
  const {tap: before} = context;
  return {...context, tap: (path, y) => tap(path, before ? before(path, y) : y)};
}
