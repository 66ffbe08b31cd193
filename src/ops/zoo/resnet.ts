// Residual networks for small images (He et al. 2016).
import {heNormal} from "../core/initializers.ts";
import type {Layer} from "../core/layer.ts";
import {activation} from "../core/layers/activation.ts";
import {batchNorm} from "../core/layers/batch-norm.ts";
import {conv2d} from "../core/layers/conv2d.ts";
import {dense} from "../core/layers/dense.ts";
import {globalAvgPool2d, maxPool2d} from "../core/layers/pool2d.ts";
import {residual} from "../core/layers/residual.ts";
import {sequential} from "../core/layers/sequential.ts";
import type {Params} from "../core/tree.ts";
import {tf} from "../tf.ts";
import {lambda} from "./parts.ts";

export interface ResnetOptions {
  classes?: number;
  /**
   * What a shortcut does where the image shrinks and the channels double. "A" (the default, as in the paper's CIFAR networks): every second
   * pixel, the new channels zero, no parameters. "B": a 1x1 convolution with batch normalisation.
   */
  shortcut?: "A" | "B";
  /** Channels of the first stage, 16 by default; the others have twice and four times as many. */
  width?: number;
}

const relu = (): Layer => activation("relu");

function convolution(filters: number, strides: number, kernelSize = 3): Layer[] {
  return [conv2d({filters, kernelSize, strides, useBias: false, kernelInit: heNormal}), batchNorm()];
}

function block(channels: number, strides: number, shortcut: "A" | "B"): Layer[] {
  const body = [...convolution(channels, strides), relu(), ...convolution(channels, 1)];
  if (strides === 1) return [residual(body), relu()];
  const projection =
    shortcut === "B" ? sequential(convolution(channels, strides, 1)) : thinned(channels / 2, strides);
  return [residual(body, {shortcut: projection}), relu()];
}

/** Option A: every second pixel, and zeros for the channels that are new. */
function thinned(more: number, strides: number): Layer {
  const padded = lambda(
    "zeroChannels",
    (x) =>
      tf.pad(x, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, more]
      ]),
    ([height = 0, width = 0, channels = 0]) => [height, width, channels + more]
  );
  return sequential([maxPool2d({windowSize: 1, strides}), padded]);
}

/** The CIFAR networks of He et al. 2016: 6 n + 2 layers in three stages of n blocks. */
function cifarResnet(n: number, options: ResnetOptions): Layer<Record<string, Params>> {
  const {classes = 10, shortcut = "A", width = 16} = options;
  const blocks = [width, 2 * width, 4 * width].flatMap((channels, stage) =>
    Array.from({length: n}, (_, i) => block(channels, stage > 0 && i === 0 ? 2 : 1, shortcut)).flat()
  );
  const head = [globalAvgPool2d(), dense({units: classes})] as Layer[];
  return {...sequential([...convolution(width, 1), relu(), ...blocks, ...head]), name: `resnet${6 * n + 2}`};
}

/**
 * ResNet-8 for small images [height, width, channels]: 75,290 parameters with 3 channels, 10 classes and option A.
 *
 * @example
 * import {describe, resnet20, resnet8} from "petri/zoo";
 *
 * const sizes = Object.entries({resnet8, resnet20}).map(([name, make]) => {
 *   const {layers, params, flops} = describe(make(), [32, 32, 3]);
 *   return {name, layers: layers.length, params, flops};
 * });
 * display(Inputs.table(sizes));
 */
export function resnet8(options: ResnetOptions = {}): Layer<Record<string, Params>> {
  return cifarResnet(1, options);
}

/** ResNet-20 for CIFAR (He et al. 2016): 269,722 parameters with option A (0.27 million in the paper). */
export function resnet20(options: ResnetOptions = {}): Layer<Record<string, Params>> {
  return cifarResnet(3, options);
}
