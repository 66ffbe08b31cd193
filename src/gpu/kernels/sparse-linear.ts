import {defineKernel, type Kernel, type Specs} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {activationGrad, type FusedActivation} from "./activation-grad.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";

/** Attributes that every format has. */
export interface LinearAttrs {
  activation: FusedActivation;
}

/** One of the three products of a format, without what all have in common. */
interface Product<A extends object> extends Pick<Kernel<A>, "twin" | "gpu"> {
  /** What it reads of the structure on webgpu, where what is bound must be read. */
  reads: readonly string[];
}

/**
 * A way to keep the weights of a linear layer, with the three products it takes to train one. `structure` names the tensors that say
 * where the weights belong; they are constants.
 */
interface Format<A extends LinearAttrs> {
  name: string;
  structure: readonly string[];
  /** How many inputs the layer has, from the tensors of `inputGrad`. */
  inputsOf(specs: Specs, attrs: A): number;
  /** The shape of the weights, from the tensors of `weightGrad`. */
  weightsShape(specs: Specs, attrs: A): readonly number[];
  /** Inputs x [rows, in], weights, structure, bias [units]; output activation(x W + bias). */
  forward: Product<A>;
  /** Inputs dy [rows, units], weights, structure; output dy W^T. */
  inputGrad: Product<A>;
  /** Inputs x, dy, structure; output x^T dy where there are weights. */
  weightGrad: Product<A>;
}

/** The tensors of a linear layer by name; the bias may be left out. */
export type LinearInputs = Record<"x" | "weights", tf.Tensor> & Record<string, tf.Tensor | undefined>;

/**
 * Registers a format's products with tfjs and returns the layer as a function of tensors. Forward is one dispatch on webgpu, backward three:
 * activation and bias, the inputs, the weights. The products are each other's gradients, so that derivatives of any order are exact.
 */
export function defineLinear<A extends LinearAttrs>(format: Format<A>) {
  const {name, structure, inputsOf, weightsShape} = format;
  const [inputName, weightName] = [`${name}InputGrad`, `${name}WeightGrad`];
  const forward = defineKernel<A>({
    ...format.forward,
    name,
    inputs: ["x", "weights", ...format.forward.reads, "bias"],
    outputs: ({x, bias}) => [{shape: [rowsOf(x), rowsOf(bias)], dtype: "float32"}]
  });
  const inputGrad = defineKernel<A>({
    ...format.inputGrad,
    name: inputName,
    inputs: ["dy", "weights", ...format.inputGrad.reads],
    outputs: (specs, attrs) => [{shape: [rowsOf(specs.dy), inputsOf(specs, attrs)], dtype: "float32"}]
  });
  const weightGrad = defineKernel<A>({
    ...format.weightGrad,
    name: weightName,
    inputs: ["x", "dy", ...format.weightGrad.reads],
    outputs: (specs, attrs) => [{shape: weightsShape(specs, attrs), dtype: "float32"}]
  });

  /** The products as functions of the operands and of the structure, as tfjs saved it. */
  const productsWith = (saved: readonly tf.Tensor[], attrs: A) => {
    const placed = Object.fromEntries(structure.map((each, i) => [each, saved[i] as tf.Tensor]));
    const linear = {...attrs, activation: "linear" as const};
    return {
      y: (x: tf.Tensor, weights: tf.Tensor, units: number) =>
        forward({x, weights, ...placed, bias: tf.zeros([units])}, linear)[0] as tf.Tensor,
      x: (dy: tf.Tensor, weights: tf.Tensor) => inputGrad({dy, weights, ...placed}, linear)[0] as tf.Tensor,
      weights: (x: tf.Tensor, dy: tf.Tensor) => weightGrad({x, dy, ...placed}, linear)[0] as tf.Tensor
    };
  };

  tf.registerGradient({
    kernelName: name,
    inputsToSave: ["x", "weights", "bias", ...structure],
    outputsToSave: [true],
    gradFunc(upstream, saved, attrs) {
      const [x, weights, bias] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const {activation} = attrs as unknown as A;
      const product = productsWith(saved.slice(3, -1), attrs as unknown as A);
      const value = () => tf.add(product.y(x, weights, bias.size), bias);
      const [db, sums] = backThroughActivation(
        upstream as tf.Tensor,
        activation,
        isRecording() ? value : (saved.at(-1) as tf.Tensor)
      );
      return {
        x: () => product.x(sums, weights),
        weights: () => product.weights(x, sums),
        bias: () => db
      };
    }
  });

  tf.registerGradient({
    kernelName: inputName,
    inputsToSave: ["dy", "weights", ...structure],
    gradFunc(upstream, [dy, weights, ...placed], attrs) {
      const product = productsWith(placed, attrs as unknown as A);
      return {
        dy: () => product.y(upstream as tf.Tensor, weights as tf.Tensor, widthOf(dy)),
        weights: () => product.weights(upstream as tf.Tensor, dy as tf.Tensor)
      };
    }
  });

  tf.registerGradient({
    kernelName: weightName,
    inputsToSave: ["x", "dy", ...structure],
    gradFunc(upstream, [x, dy, ...placed], attrs) {
      const product = productsWith(placed, attrs as unknown as A);
      return {
        x: () => product.x(dy as tf.Tensor, upstream as tf.Tensor),
        dy: () => product.y(x as tf.Tensor, upstream as tf.Tensor, widthOf(dy))
      };
    }
  });

  return ({bias, ...given}: LinearInputs, units: number, attrs: A): tf.Tensor => {
    const inputs = given as Record<string, tf.Tensor>;
    if (bias) return forward({...inputs, bias}, attrs)[0] as tf.Tensor;
    return tf.tidy(() => forward({...inputs, bias: tf.zeros([units])}, attrs)[0] as tf.Tensor);
  };
}

/**
 * The gradients of the bias and of the sums before the activation, from the layer's value, or from the sums as a function where the gradient
 * will itself be differentiated.
 */
function backThroughActivation(
  dy: tf.Tensor,
  activation: FusedActivation,
  value: tf.Tensor | (() => tf.Tensor)
): [bias: tf.Tensor, sums: tf.Tensor] {
  if (typeof value === "function") {
    const sums = activation === "linear" ? dy : tf.grad((z: tf.Tensor) => z[activation]())(value(), dy);
    return [tf.sum(sums, 0), sums];
  }
  const [bias, sums = dy] = activationGrad(activation === "linear" ? {dy} : {dy, y: value}, {activation});
  return [bias as tf.Tensor, sums];
}

/** Throws unless x [rows, in] fits a layer of that many inputs, and the bias its units. */
export function checkLinear(x: tf.Tensor, bias: tf.Tensor | undefined, inputs: number, units: number): void {
  checkTensor("x", x, 2);
  if (x.shape[1] !== inputs)
    throw new KernelError(`x must be [rows, ${inputs}] for these weights, got [${x.shape.join(", ")}].`);
  if (bias && (bias.rank !== 1 || bias.size !== units))
    throw new KernelError(`The bias must be [${units}] for these weights, got [${bias.shape.join(", ")}].`);
}
