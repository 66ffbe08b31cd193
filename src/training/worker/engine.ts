import type {BackendInfo, MemoryInfo} from "../../gpu/types.ts";

/** What training needs of the tensor library; the composition root gives it, a test its own. */
export interface TrainingEngine {
  /** Given to training functions as `ops`. */
  ops: object;
  backend: BackendInfo;
  memory(): MemoryInfo;
  /** The random key of a seed, given to training functions as `key`. */
  key(seed: number): unknown;
  /** Knows whose a tensor is. */
  ledger: Ledger;
  /** Resolves when the device has done what was submitted; without it, work piles up unseen. */
  drain?(): Promise<void>;
  /** What the device has refused since this was last asked: the error of the run that is at work. */
  takeFault?(): Error | null;
  /** Whether its device can be lost, and all tensors with it: runs then keep what it takes to go on on another. */
  canBeLost?: boolean;
}

/** Keeps tensors by owner (gpu/tensor-ledger.ts). */
export interface Ledger<Owner = object> {
  makeOwner(name: string): Owner;
  /** From now on what is made belongs to `owner`. */
  open(owner: Owner): void;
  /** Disposes all that belongs to `owner`. */
  release(owner: Owner): void;
  /** Disposes what the code of runs made after their end; called when no run is going. */
  sweep(): void;
}
