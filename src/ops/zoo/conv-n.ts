// Conv-2, Conv-4 and Conv-6 of the lottery ticket paper (Frankle & Carbin 2019), for CIFAR-10.
import {glorotNormal} from "../core/initializers.ts";
import type {Layer} from "../core/layer.ts";
import {conv2d} from "../core/layers/conv2d.ts";
import {dense} from "../core/layers/dense.ts";
import {flatten} from "../core/layers/flatten.ts";
import {maxPool2d} from "../core/layers/pool2d.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";

export interface ConvNetOptions {
  classes?: number;
}

/** Pairs of 3x3 convolutions, each followed by a pooling, then 256, 256 and the classes; Glorot normal, as in the paper. */
function convNet(
  name: string,
  pairs: readonly number[],
  {classes = 10}: ConvNetOptions
): Layer<Record<string, Params>> {
  const kernelInit = glorotNormal;
  const convolution = (filters: number): Layer =>
    conv2d({filters, kernelSize: 3, activation: "relu", kernelInit});
  const layers = pairs.flatMap((filters) => [
    convolution(filters),
    convolution(filters),
    maxPool2d() as Layer
  ]);
  const hidden = (): Layer => dense({units: 256, activation: "relu", kernelInit});
  return {
    ...sequential([...layers, flatten(), hidden(), hidden(), dense({units: classes, kernelInit})]),
    name
  };
}

/**
 * Conv-2 of the lottery ticket paper (Frankle & Carbin 2019): 64, 64, pool; 4,301,642 parameters for CIFAR-10.
 *
 * @example
 * import {conv4, describe} from "petri/zoo";
 *
 * display(Inputs.table(describe(conv4(), [32, 32, 3]).layers));
 */
export function conv2(options: ConvNetOptions = {}): Layer<Record<string, Params>> {
  return convNet("conv2", [64], options);
}

/** Conv-4 of the lottery ticket paper: 64, 64, pool, 128, 128, pool; 2,425,930 parameters for CIFAR-10. */
export function conv4(options: ConvNetOptions = {}): Layer<Record<string, Params>> {
  return convNet("conv4", [64, 128], options);
}

/** Conv-6 of the lottery ticket paper: as Conv-4, then 256, 256, pool; 2,262,602 parameters for CIFAR-10. */
export function conv6(options: ConvNetOptions = {}): Layer<Record<string, Params>> {
  return convNet("conv6", [64, 128, 256], options);
}
