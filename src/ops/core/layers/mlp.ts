import type {Tensor} from "../../tf.ts";
import type {ActivationName} from "../activations.ts";
import {ArgumentError, checkCount} from "../errors.ts";
import type {Initializer} from "../initializers.ts";
import type {Key} from "../key.ts";
import type {Layer, Shape} from "../layer.ts";
import type {Params} from "../tree.ts";
import {dense} from "./dense.ts";
import {dropout} from "./dropout.ts";
import {flatten} from "./flatten.ts";
import {sequential} from "./sequential.ts";

export interface MlpOptions {
  /** The nonlinearity of the hidden layers, relu by default; the last layer is linear. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Share of the hidden units dropped while training. */
  dropout?: number;
  kernelInit?: Initializer;
}

/** A network whose `init` needs no shape: it knows the size of its inputs. */
export interface Mlp extends Layer<Record<string, Params>> {
  readonly sizes: readonly number[];
  init(key: Key, inputShape?: Shape): Record<string, Params>;
}

/**
 * A multi-layer perceptron: mlp([784, 300, 100, 10]) has 784 inputs, hidden layers of 300 and 100, and 10 logits.
 * Inputs of any shape with that many numbers are flattened.
 *
 * @example
 * import {key, mlp, tree} from "petri/core";
 *
 * const params = mlp([64, 32, 10], {activation: "tanh"}).init(key(0));
 * display(Inputs.table(tree.entries(params).map(({path, leaf}) => ({path, shape: leaf.shape.join(" x ")}))));
 */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Mlp {
  if (sizes.length < 2) {
    throw new ArgumentError(
      `mlp needs the sizes of inputs and outputs at least, e.g. [2, 8, 1]; got [${sizes.join(", ")}].`
    );
  }
  for (const size of sizes) checkCount("every size of an mlp", size);
  const {activation = "relu", dropout: rate = 0, kernelInit} = options;
  const last = sizes.length - 1;
  const hidden = sizes.slice(1, last).flatMap((units) => {
    const layer: Layer = dense({units, activation, kernelInit});
    return rate > 0 ? [layer, dropout(rate)] : [layer];
  });
  const network = sequential([flatten(), ...hidden, dense({units: sizes[last] as number, kernelInit})]);
  return {
    ...network,
    name: "mlp",
    sizes,
    init: (key, inputShape = [sizes[0] as number]) =>
      network.init(key, checked(inputShape, sizes[0] as number))
  };
}

function checked(inputShape: Shape, inputs: number): Shape {
  const size = inputShape.reduce((product, dim) => product * dim, 1);
  if (size === inputs) return inputShape;
  throw new ArgumentError(
    `This mlp takes ${inputs} numbers an example, the data has ${size} ([${inputShape.join(", ")}]): make ${size} its first size.`
  );
}
