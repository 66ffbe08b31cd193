import type {BackendName} from "../../../src/gpu/types.ts";
import {currentRun, type KeptTraining} from "../../../src/ops/core/run-context.ts";
import {FakeEngine} from "./fake-engine.ts";

interface SumRow {
  [metric: string]: number;
  step: number;
  loss: number;
}

/** An engine that can lose its device. It has a training that adds up its steps, as `fit` would train. */
export class LosableEngine extends FakeEngine {
  override readonly backend;
  readonly canBeLost = true;
  /** Steps that were computed, over all trainings. */
  readonly computed: number[] = [];
  fault: Error | null = null;
  /** Trainings with kept rows throw, as those whose callbacks look at states that are gone. */
  refusesToRepeat = false;

  constructor(name: BackendName, adapter = "fake") {
    super();
    this.backend = {name, adapter, refused: []} as never;
    Object.assign(this.ops, {
      fit: (steps: number) => this.#fit(steps),
      /** Never resolves on the first engine. */
      block: () => (this.blocks ? new Promise(() => {}) : Promise.resolve()),
      isBlocked: () => this.blocks,
      fail: () => (this.blocks ? Promise.reject(new Error("mapAsync failed")) : Promise.resolve())
    });
  }

  blocks = false;

  takeFault = () => {
    const {fault} = this;
    this.fault = null;
    return fault;
  };

  async *#fit(steps: number): AsyncGenerator<SumRow> {
    const keeper = currentRun()?.nextTraining();
    const {kept} = keeper ?? {};
    const rows: SumRow[] = [];
    let sum = 0;
    if (kept) {
      if (this.refusesToRepeat) throw new Error("Tensor is disposed.");
      rows.push(...(kept.rows as unknown as SumRow[]));
      yield* rows;
      sum = Number(new TextDecoder().decode(kept.file));
    }
    const keep = (step: number, ended?: KeptTraining["ended"]) =>
      keeper?.keep({
        file: new TextEncoder().encode(String(sum)),
        step,
        rows: [...rows] as never,
        ...(ended && {ended})
      });
    for (let step = (kept?.step ?? 0) + 1; step <= steps && !kept?.ended; ++step) {
      this.computed.push(step);
      sum += step;
      const row = {step, loss: sum};
      rows.push(row);
      if (keeper?.wants(false)) keep(step);
      yield row;
    }
    if (keeper?.wants(true)) keep(steps, {stopped: undefined});
  }
}
