import type {Ledger, TrainingEngine} from "../../../src/training/worker/engine.ts";

/** A stand-in for a tensor: all that training knows of one. */
export class FakeTensor {
  readonly dtype = "float32";
  readonly dataId = {};
  readonly shape: number[];
  readonly #values: number[];
  readonly #onDispose: (tensor: FakeTensor) => void;

  constructor(values: number[], onDispose: (tensor: FakeTensor) => void) {
    this.#values = values;
    this.shape = values.length === 1 ? [] : [values.length];
    this.#onDispose = onDispose;
  }

  get size(): number {
    return this.#values.length;
  }

  async data(): Promise<Float32Array> {
    // As from a pool: a piece of a larger buffer.
    const pool = new Float32Array(1024);
    pool.set(this.#values);
    return pool.subarray(0, this.size);
  }

  dispose(): void {
    this.#onDispose(this);
  }
}

/** An engine without a tensor library that counts what is alive, by owner. */
export class FakeEngine implements TrainingEngine {
  readonly alive = new Set<FakeTensor>();
  readonly backend = {name: "cpu" as const, adapter: "fake", refused: []};
  drains = 0;
  sweeps = 0;
  #owner: Set<FakeTensor> | null = null;

  readonly ops = {
    tensor: (...values: number[]) => {
      const owner = this.#owner;
      const tensor = new FakeTensor(values, (gone) => {
        this.alive.delete(gone);
        owner?.delete(gone);
      });
      this.alive.add(tensor);
      owner?.add(tensor);
      return tensor;
    }
  };

  readonly ledger: Ledger = {
    makeOwner: () => new Set<FakeTensor>(),
    open: (owner) => {
      this.#owner = owner as Set<FakeTensor>;
    },
    release: (owner) => {
      for (const tensor of [...(owner as Set<FakeTensor>)]) tensor.dispose();
      this.#owner = null;
    },
    sweep: () => {
      this.sweeps += 1;
    }
  };

  memory = () => ({tensors: this.alive.size, sizeBytes: 4 * this.alive.size});
  key = (seed: number) => ({seed});
  drain = async () => {
    this.drains += 1;
  };
}
