import {engine, type Tensor} from "./tfjs.ts";

/** What the ledger touches of tfjs's engine (4.22.0): none of it is public. */
interface EngineInternals {
  trackTensor(tensor: Tensor, backend: unknown): void;
  disposeTensor(tensor: Tensor): void;
  state: {activeScope: unknown; scopeStack: unknown[]};
}

/** Holds the living tensors that were made while its window was open. */
class TensorOwner {
  readonly tensors = new Set<Tensor>();
}

/**
 * Knows for every tensor whose it is: whatever is made belongs to the owner whose window was opened last. Only
 * living tensors are remembered, so the ledger's size is that of the tensors it knows.
 */
export class TensorLedger {
  #current: TensorOwner | null = null;
  readonly #strays = new TensorOwner();
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
      this.#current.tensors.add(tensor);
      this.#owners.set(tensor, this.#current);
    };
    internals.disposeTensor = (tensor) => {
      this.#owners.get(tensor)?.tensors.delete(tensor);
      disposeTensor.call(internals, tensor);
    };
  }

  makeOwner(): TensorOwner {
    return new TensorOwner();
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
}
