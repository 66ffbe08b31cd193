import type {Specs} from "../kernel.ts";
import type {FusedActivation} from "../kernels/activation-grad.ts";
import type {Native} from "./native.ts";

/** One run of a kernel: addresses of inputs by name (0 for one that was not passed) and of outputs, and what the kernel was told. */
interface Run<A> {
  native: Native;
  /** Where memory for as long as the run takes begins. */
  scratch: number;
  at(input: string): number;
  outputs: number[];
  attrs: A;
  specs: Specs;
}

/** False where it cannot do what is asked, and its twin has to. */
export type NativeKernel<A> = (run: Run<A>) => unknown;

/** How our WebAssembly numbers activations. */
export const ACTIVATIONS: Record<FusedActivation, number> = {
  linear: 0,
  relu: 1,
  tanh: 2,
  sigmoid: 3,
  elu: 4
};
