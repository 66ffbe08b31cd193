import type {ActivationName} from "../core/activations.ts";
import {heNormal} from "../core/initializers.ts";
import type {Layer} from "../core/layer.ts";
import {conv2d} from "../core/layers/conv2d.ts";
import {dense} from "../core/layers/dense.ts";
import {flatten} from "../core/layers/flatten.ts";
import {avgPool2d, maxPool2d} from "../core/layers/pool2d.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";

export interface Lenet5Options {
  /**
   * "classic" (the default; 6 and 16 filters, 120 and 84 units, the image padded by 2: 61,706 parameters for 28x28x1) or "caffe" (20
   * and 50 filters, 500 units, no padding: 431,080).
   */
  variant?: "classic" | "caffe";
  classes?: number;
  /** relu by default; tanh in 1998. */
  activation?: ActivationName;
  /** "max" by default; averages in 1998, with a learned factor and offset that nobody keeps. */
  pool?: "max" | "average";
}

/**
 * LeNet-5 (LeCun et al. 1998) as it is used today: two convolutions of 5x5 with pooling, then dense layers; images [height, width, channels].
 *
 * @example
 * import {describe, lenet5} from "petri/zoo";
 *
 * display(Inputs.table(describe(lenet5(), [28, 28, 1]).layers));
 */
export function lenet5(options: Lenet5Options = {}): Layer<Record<string, Params>> {
  const {variant = "classic", classes = 10, activation = "relu", pool = "max"} = options;
  const isClassic = variant === "classic";
  const [filters, units] = isClassic
    ? [
        [6, 16],
        [120, 84]
      ]
    : [[20, 50], [500]];
  const pooling = () => (pool === "max" ? maxPool2d() : avgPool2d());
  const convolutions = filters.flatMap((count, i) => {
    const padding = isClassic && i === 0 ? ("same" as const) : ("valid" as const);
    const layer = conv2d({filters: count, kernelSize: 5, padding, activation, kernelInit: heNormal});
    return [layer, pooling()] as Layer[];
  });
  const hidden = units.map((count): Layer => dense({units: count, activation, kernelInit: heNormal}));
  return {...sequential([...convolutions, flatten(), ...hidden, dense({units: classes})]), name: "lenet5"};
}
