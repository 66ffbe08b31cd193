// Which shaders a convolution is computed with, on each device.
import type {GpuKernel} from "../webgpu-dispatch.ts";
import {isSoftware} from "./autotune.ts";
import {convForwardByRows} from "./conv2d-rows.ts";
import {convInputGradByRows, convKernelGradByRows} from "./conv2d-rows-grads.ts";
import {isByRows, isInputGradByRows} from "./conv2d-rows-wgsl.ts";
import {type ConvLayout, convForward, convInputGrad, convKernelGrad} from "./conv2d-wgsl.ts";
import type {Window2d} from "./window.ts";

type Make = (layout: ConvLayout) => GpuKernel;

/** One way of computing a convolution and its gradients. */
export interface ConvWay {
  /** Whether it has shaders for a window: for the convolution and the kernel's gradient, and for that of the images. */
  has(window: Window2d): boolean;
  hasInputGrad(window: Window2d): boolean;
  forward: Make;
  inputGrad: Make;
  kernelGrad: Make;
}

/** Small squares of the product of windows and kernel: for every window, and for GPUs. */
export const BY_SQUARES: ConvWay = {
  has: () => true,
  hasInputGrad: () => true,
  forward: convForward,
  inputGrad: convInputGrad,
  kernelGrad: convKernelGrad
};

/** Stretches of rows: for software adapters. */
export const BY_ROWS: ConvWay = {
  has: isByRows,
  hasInputGrad: isInputGradByRows,
  forward: convForwardByRows,
  inputGrad: convInputGradByRows,
  kernelGrad: convKernelGradByRows
};

/** The way for a device, which depends on nothing that is measured: the same bits in every session. */
function wayFor(device: GPUDevice | undefined, has: (way: ConvWay) => boolean): ConvWay {
  return device && isSoftware(device) && has(BY_ROWS) ? BY_ROWS : BY_SQUARES;
}

export const forwardOn = (device: GPUDevice, layout: ConvLayout): GpuKernel =>
  wayFor(device, (way) => way.has(layout.window)).forward(layout);

export const inputGradOn = (device: GPUDevice | undefined, layout: ConvLayout): GpuKernel =>
  wayFor(device, (way) => way.hasInputGrad(layout.window)).inputGrad(layout);

export const kernelGradOn = (device: GPUDevice | undefined, layout: ConvLayout): GpuKernel =>
  wayFor(device, (way) => way.has(layout.window)).kernelGrad(layout);
