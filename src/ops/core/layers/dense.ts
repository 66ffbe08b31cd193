import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {type ActivationName, activationOf, isFused} from "../activations.ts";
import {checkCount} from "../errors.ts";
import {type Initializer, lecunNormal, zeros} from "../initializers.ts";
import {expectShape, type Layer, type LinearProduct} from "../layer.ts";

export interface DenseOptions {
  /** Number of outputs. */
  units: number;
  /** The nonlinearity after the sum; none by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the bias out with false. */
  useBias?: boolean;
  kernelInit?: Initializer;
  biasInit?: Initializer;
}

/** Parameters of a dense layer: kernel [in, units], bias [units]. */
export type DenseParams = {kernel: Tensor; bias?: Tensor};

/**
 * A fully connected layer: activation(x kernel + bias), [batch, in] -> [batch, units].
 *
 * @example
 * import {dense, key, tf} from "petri/core";
 *
 * const layer = dense({units: 3, activation: "relu"});
 * const params = layer.init(key(0), [4]);
 * const y = layer.apply(params, tf.tensor2d([[1, 2, 3, 4], [4, 3, 2, 1]]));
 * display(Inputs.table(y.arraySync()));
 */
export function dense(options: DenseOptions): Layer<DenseParams> {
  const {units, activation = "linear", useBias = true, kernelInit = lecunNormal, biasInit = zeros} = options;
  checkCount("units", units);
  const nonlinearity = activationOf(activation);
  const around = (product: LinearProduct, {kernel, bias}: DenseParams, x: Tensor) =>
    tidy(() => {
      if (isFused(activation)) return product({x, kernel, bias, activation});
      return nonlinearity(product({x, kernel, bias, activation: "linear"}));
    });
  const layer: Layer<DenseParams> = {
    name: "dense",
    activation,
    init(key, inputShape, path = "dense") {
      const [inputs] = inputShape;
      expectShape(inputShape.length === 1 && inputs !== undefined, path, "[inputs]", inputShape);
      const [kernelKey, biasKey] = key.split(2) as [typeof key, typeof key];
      const kernel = kernelInit(kernelKey, [inputs, units]);
      return useBias ? {kernel, bias: biasInit(biasKey, [units])} : {kernel};
    },
    apply({kernel, bias}, x, context) {
      const path = context?.path ?? "dense";
      expectShape(
        x.rank === 2 && x.shape[1] === kernel.shape[0],
        path,
        `[batch, ${kernel.shape[0]}]`,
        x.shape
      );
      return around(ownProduct, {kernel, bias}, x);
    },
    outputShape: () => [units],
    flops: ([inputs = 0]) => 2 * inputs * units,
    resized: (outputs) => dense({...options, units: outputs}) as Layer,
    withProduct: (product) =>
      ({
        name: "dense",
        init: layer.init,
        apply: (params: DenseParams, x: Tensor) => around(product, params, x),
        outputShape: () => [units]
      }) as Layer
  };
  return layer;
}

const ownProduct: LinearProduct = ({x, kernel, bias, activation}) =>
  denseProduct(x, kernel, bias, activation);
