import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {fit} from "../../core/fit.ts";
import type {FitOptions} from "../../core/fit-options.ts";
import type {Layer, ModelState} from "../../core/layer.ts";
import {flatten} from "../../core/layers/flatten.ts";
import {sequential} from "../../core/layers/sequential.ts";
import {cloneState, disposeState, type TrainState} from "../../core/train-step.ts";
import {clone, dispose, type Params} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {tf, tidy} from "../../tf.ts";
import type {Basis} from "../bases/basis.ts";
import {checkOptionNames} from "../option-names.ts";
import {
  defaultPool,
  type SelectableParams,
  type SelectionState,
  selectableKanLayer,
  sharesOf,
  winnersOf
} from "./selectable-layer.ts";

/** A network of layers that choose among bases. */
export interface SelectableKan extends Layer<Record<string, Params>> {
  readonly pool: readonly Basis[];
}

/**
 * A network whose units choose among bases (S-KAN, Yang et al. 2024): train it with `fitSelectable`, in three phases. Inputs of any shape are flattened.
 *
 * @example
 * import {fitSelectable, selectableKan, selectionOf} from "petri/kan";
 * import {tf} from "petri/core";
 *
 * const x = tf.linspace(-1, 1, 128).dataSync();
 * const data = {name: "wave", inputs: x, inputShape: [1], targets: x.map((at) => Math.sin(6 * at)), targetShape: [1]};
 * const model = selectableKan([1, 1]);
 * const training = fitSelectable(model, data, {steps: 60});
 * for await (const row of training) display(`${row.phase}: ${row.loss}`);
 * display(await selectionOf(model, training.params, training.modelState));
 * training.dispose();
 */
export function selectableKan(
  widths: readonly number[],
  options: {pool?: readonly Basis[]} = {}
): SelectableKan {
  if (widths.length < 2)
    throw new ArgumentError(
      `selectableKan needs the sizes of inputs and outputs at least, e.g. [2, 5, 1]; got [${widths.join(", ")}].`
    );
  checkOptionNames("selectableKan", options, {pool: true});
  const {pool = defaultPool()} = options;
  const layers = widths.slice(1).map((units) => selectableKanLayer({pool, units}) as unknown as Layer);
  return {...sequential([flatten(), ...layers]), name: "selectableKan", pool};
}

/** What every unit thinks of every basis. */
export interface Selected {
  /** The layer's path. */
  layer: string;
  unit: number;
  basis: string;
  /** Its share, 0 to 1. */
  share: number;
}

/** The shares of all bases in all units of a network, as rows for a table or a chart. */
export async function selectionOf(
  model: SelectableKan,
  params: Params,
  state: ModelState = {}
): Promise<Selected[]> {
  const selected: Selected[] = [];
  for (const [layer, own] of entriesOf(params)) {
    const shares = tidy(() => sharesOf(own.selection, state[layer] as SelectionState | undefined));
    const values = await shares.data();
    shares.dispose();
    values.forEach((share, i) => {
      const {name: basis} = model.pool[i % model.pool.length] as Basis;
      selected.push({layer, unit: Math.floor(i / model.pool.length), basis, share});
    });
  }
  return selected;
}

function entriesOf(params: Params): [string, SelectableParams][] {
  return Object.entries(params as Record<string, Params>) as [string, SelectableParams][];
}

/** The parts of the training. */
export type Phase = "all" | "sharpen" | "winners";

export interface FitSelectableOptions
  extends Omit<FitOptions, "state" | "resume" | "onStep" | "onEpoch" | "onEvaluate"> {
  /** Updates in all. */
  steps: number;
  /** Parts of the steps for the phases: all bases together, sharper selection, winners alone. [0.4, 0.2, 0.4] by default. */
  phases?: readonly [number, number, number];
  /** The softmax's temperature while the selection sharpens, 0.2 by default. */
  temperature?: number;
}

const OPTIONS: Readonly<Record<keyof FitSelectableOptions, true>> = {
  steps: true,
  phases: true,
  temperature: true,
  epochs: true,
  batchSize: true,
  accumulate: true,
  optimizer: true,
  loss: true,
  metrics: true,
  key: true,
  params: true,
  test: true,
  evaluateEvery: true,
  evaluations: true,
  earlyStopping: true,
  logEvery: true,
  plan: true,
  signal: true
};

/** A row of `fit`, of which phase it is; steps and progress are those of the whole. */
export type SelectableRow = {[name in "step" | "epoch" | "progress" | "loss"]: number} & {
  phase: Phase;
  [metric: string]: number | string | undefined;
};

/**
 * Trains a `selectableKan` in the three phases of S-KAN (Yang et al. 2024): all bases with their shares; then with a lower temperature, which drives the shares apart; then
 * each unit with the basis that it likes most alone. Options are those of `fit`, with `steps` for all phases together.
 */
export function fitSelectable(
  model: SelectableKan,
  data: Dataset,
  options: FitSelectableOptions
): FitSelectable {
  return new FitSelectable(model, data, options);
}

const PHASES: readonly Phase[] = ["all", "sharpen", "winners"];

/** A training in phases: iterate its rows; when it is over, read `params` and `modelState`, and `dispose()` it. */
export class FitSelectable implements AsyncIterable<SelectableRow> {
  private readonly model: SelectableKan;
  private readonly data: Dataset;
  private readonly options: FitSelectableOptions;
  private state: TrainState | undefined;

  constructor(model: SelectableKan, data: Dataset, options: FitSelectableOptions) {
    checkOptionNames("fitSelectable", options, OPTIONS);
    const {phases = SHARES, steps, temperature = 0.2} = options;
    checkNumber("temperature", temperature, 1e-3);
    checkCount("steps", steps, PHASES.length);
    if (phases.length !== PHASES.length || !phases.every((part) => part > 0))
      throw new ArgumentError(`phases must be three parts above 0, got [${phases.join(", ")}].`);
    this.model = model;
    this.data = data;
    this.options = options;
  }

  /** Of the phase that is over last. */
  get params(): Params {
    return this.finished.params;
  }

  /** Temperatures and what is left of the bases. */
  get modelState(): ModelState {
    return this.finished.modelState;
  }

  dispose(): void {
    if (this.state) disposeState(this.state);
    this.state = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SelectableRow, void, undefined> {
    const {steps, phases = SHARES, temperature: _temperature, ...rest} = this.options;
    const total = phases.reduce((sum, part) => sum + part, 0);
    let end = 0;
    for (const [i, phase] of PHASES.entries()) {
      end += Math.max(1, Math.round(((phases[i] as number) / total) * steps));
      if (i === PHASES.length - 1) end = steps;
      if (this.state) await this.changePhase(phase);
      const training = fit(this.model as Layer, this.data, {
        ...rest,
        steps: end,
        ...(this.state && {state: this.state})
      });
      try {
        for await (const row of training) yield {...row, progress: row.step / steps, phase};
        const reached = cloneState(training.state);
        this.dispose();
        this.state = reached;
      } finally {
        training.dispose();
      }
    }
  }

  private get finished(): TrainState {
    if (!this.state) throw new ArgumentError("The training has no parameters yet: iterate its rows first.");
    return this.state;
  }

  private async changePhase(phase: Phase): Promise<void> {
    const before = this.finished;
    const {temperature = 0.2} = this.options;
    const changed: Record<string, Params> = {};
    for (const [path, own] of entriesOf(before.params)) {
      const selection = before.modelState[path] as SelectionState;
      changed[path] =
        phase === "winners" ? await winnersOf(own) : tidy(() => sharper(selection, temperature));
    }
    this.state = {...before, modelState: changed};
    dispose(before.modelState as Params);
  }
}

/** Parts of the steps for the phases. */
const SHARES = [0.4, 0.2, 0.4] as const;

function sharper({left}: SelectionState, temperature: number): SelectionState {
  return {temperature: tf.scalar(temperature), left: clone(left)};
}
