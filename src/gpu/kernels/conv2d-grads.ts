import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {webGpuBackend} from "../tfjs-webgpu.ts";
import {activationSlope, type FusedActivation} from "./activation-grad.ts";
import {inputGradOn, kernelGradOn} from "./conv2d-choice.ts";
import {batchOf, cellsOf, forEachCell, positionsOf, type Window2d} from "./window.ts";

export interface ConvGradAttrs {
  window: Window2d;
  filters: number;
  activation: FusedActivation;
}

const batchIn = (specs: Specs, {window, filters}: ConvGradAttrs) =>
  batchOf(specs, "dy", positionsOf(window) * filters);

const layoutOf = (specs: Specs, attrs: ConvGradAttrs) => ({...attrs, batch: batchIn(specs, attrs)});

/** The gradients of the sums before the activation. */
function beforeActivation(dy: Values, y: Values | undefined, activation: FusedActivation): Values {
  if (!y) return dy;
  const slope = activationSlope(activation);
  return dy.map((upstream, i) => slope(upstream, y[i] as number));
}

/**
 * The gradient of a convolution's images, [batch, height, width, channels]. Inputs dy and, unless the activation is linear, the
 * convolution's output y, both [batch, outHeight, outWidth, filters]; kernel [rows, columns, channels, filters].
 */
export const conv2dInputGrad = defineKernel<ConvGradAttrs>({
  name: "PetriConv2dInputGrad",
  inputs: ["dy", "y", "kernel"],
  outputs: (specs, attrs) => {
    const {height, width, channels} = attrs.window;
    return [{shape: [batchIn(specs, attrs), height, width, channels], dtype: "float32"}];
  },
  twin({dy, y, kernel}, [images], attrs, specs) {
    const {window, filters, activation} = attrs;
    const [dz, weights, to] = [
      beforeActivation(dy as Values, y, activation),
      kernel as Values,
      images as Values
    ];
    to.fill(0);
    forEachCell(window, batchIn(specs, attrs), (pixel, position, cell) => {
      for (let c = 0; c < window.channels; ++c) {
        const row = (cell * window.channels + c) * filters;
        let sum = 0;
        for (let o = 0; o < filters; ++o)
          sum += (dz[position * filters + o] as number) * (weights[row + o] as number);
        const at = pixel * window.channels + c;
        to[at] = (to[at] as number) + sum;
      }
    });
  },
  gpu: (specs, attrs) => inputGradOn(webGpuBackend()?.device, layoutOf(specs, attrs))
});

/**
 * The gradients of a convolution's kernel [rows, columns, channels, filters] and bias [filters]. Inputs as for
 * `conv2dInputGrad`, with the images x in the kernel's place.
 */
export const conv2dKernelGrad = defineKernel<ConvGradAttrs>({
  name: "PetriConv2dKernelGrad",
  inputs: ["x", "dy", "y"],
  outputs: (_specs, {window, filters}) => [
    {shape: [window.rows, window.columns, window.channels, filters], dtype: "float32"},
    {shape: [filters], dtype: "float32"}
  ],
  twin({x, dy, y}, outputs, attrs, specs) {
    const {window, filters, activation} = attrs;
    const [images, dz] = [x as Values, beforeActivation(dy as Values, y, activation)];
    const [kernel, bias] = outputs as [Values, Values];
    const weights = new Float64Array(cellsOf(window) * window.channels * filters);
    forEachCell(window, batchIn(specs, attrs), (pixel, position, cell) => {
      for (let c = 0; c < window.channels; ++c) {
        const value = images[pixel * window.channels + c] as number;
        const row = (cell * window.channels + c) * filters;
        for (let o = 0; o < filters; ++o)
          weights[row + o] = (weights[row + o] as number) + value * (dz[position * filters + o] as number);
      }
    });
    kernel.set(weights);
    const shifts = new Float64Array(filters);
    for (let i = 0; i < dz.length; ++i)
      shifts[i % filters] = (shifts[i % filters] as number) + (dz[i] as number);
    bias.set(shifts);
  },
  gpu: (specs, attrs) => kernelGradOn(webGpuBackend()?.device, layoutOf(specs, attrs))
});
