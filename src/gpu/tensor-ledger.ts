import {engine, type Tensor, util} from "./tfjs.ts";
import type {OwnedMemory} from "./types.ts";

/** What the ledger touches of tfjs's engine (4.22.0): none of it is public. */
interface EngineInternals {
  trackTensor(tensor: Tensor, backend: unknown): void;
  disposeTensor(tensor: Tensor): void;
  state: {activeScope: unknown; scopeStack: unknown[]};
}

/** Holds the living tensors that were made while its window was open. */
class TensorOwner {
  readonly name: string;
  readonly tensors = new Set<Tensor>();
  sizeBytes = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(tensor: Tensor): void {
    this.tensors.add(tensor);
    this.sizeBytes += bytesOf(tensor);
  }

  delete(tensor: Tensor): void {
    if (this.tensors.delete(tensor)) this.sizeBytes -= bytesOf(tensor);
  }
}

/** As tfjs counts them: a copy that shares its memory counts as well. */
const bytesOf = ({dtype, size}: Tensor) =>
  dtype === "string" || dtype === "complex64" ? 0 : size * util.bytesPerElement(dtype);

/**
 * Knows for every tensor whose it is: whatever is made belongs to the owner whose window was opened last. Only
 * living tensors are remembered, so the ledger's size is that of the tensors it knows.
 */
export class TensorLedger {
  #current: TensorOwner | null = null;
  readonly #strays = new TensorOwner("ended runs");
  /** Owners that may have tensors. */
  readonly #all = new Set<TensorOwner>([this.#strays]);
  readonly #owners = new WeakMap<Tensor, TensorOwner>();
  readonly #internals: EngineInternals;

  /** Starts to watch tfjs's engine; tensors that exist already belong to nobody and stay. */
  constructor() {
    const internals = engine() as unknown as EngineInternals;
    this.#internals = internals;
    const {trackTensor, disposeTensor} = internals;
    internals.trackTensor = (tensor, backend) => {
      trackTensor.call(internals, tensor, backend);
      if (!this.#current) return;
      this.#current.add(tensor);
      this.#owners.set(tensor, this.#current);
    };
    internals.disposeTensor = (tensor) => {
      this.#owners.get(tensor)?.delete(tensor);
      disposeTensor.call(internals, tensor);
    };
  }

  /** An owner, by the name that people know it by. */
  makeOwner(name: string): TensorOwner {
    const owner = new TensorOwner(name);
    this.#all.add(owner);
    return owner;
  }

  /** What owners have, by name; those with nothing are left out. */
  memory(): Record<string, OwnedMemory> {
    const byOwner: Record<string, OwnedMemory> = {};
    for (const {name, tensors, sizeBytes} of this.#all) {
      if (tensors.size === 0) continue;
      const known = byOwner[name] ?? {tensors: 0, sizeBytes: 0};
      byOwner[name] = {tensors: known.tensors + tensors.size, sizeBytes: known.sizeBytes + sizeBytes};
    }
    return byOwner;
  }

  /** From now on what is made belongs to `owner`. */
  open(owner: TensorOwner): void {
    this.#current = owner;
  }

  /**
   * Disposes every tensor of `owner`, variables and kept ones too, and closes tidy scopes that its code left open.
   * What its forgotten code may still make from now on is a stray.
   */
  release(owner: TensorOwner): void {
    if (this.#current === owner) {
      this.#current = this.#strays;
      this.#internals.state.scopeStack.length = 0;
      this.#internals.state.activeScope = null;
    }
    disposeAll(owner);
    this.#all.delete(owner);
  }

  /** Disposes what was made after its owner's end; to be called when nobody is at work. */
  sweep(): void {
    disposeAll(this.#strays);
  }
}

function disposeAll(owner: TensorOwner): void {
  for (const tensor of owner.tensors) {
    try {
      tensor.dispose();
    } catch {
      // The device may be lost: the other tensors must still be forgotten.
    }
  }
  owner.tensors.clear();
  owner.sizeBytes = 0;
}
