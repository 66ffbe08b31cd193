import {ArgumentError} from "../core/errors.ts";
import {fit} from "../core/fit.ts";
import type {FitOptions, FitRow} from "../core/fit-options.ts";
import {key as keyOf} from "../core/key.ts";
import type {Layer, ModelState} from "../core/layer.ts";
import {adam} from "../core/optimizers/adam.ts";
import {layerwise} from "../core/optimizers/layerwise.ts";
import type {Optimizer} from "../core/optimizers/optimizer.ts";
import {freeze} from "../core/optimizers/transformations.ts";
import {initTrainState} from "../core/train-step.ts";
import {clone, dispose, type Params} from "../core/tree.ts";
import type {Dataset} from "../datasets/dataset.ts";
import {tidy} from "../tf.ts";
import {checkGiven} from "./checks.ts";
import {type LocalNetworkOptions, type LocalParams, localNetwork} from "./local-network.ts";
import type {LocalRule} from "./local-rule.ts";

/** Options of `fit` for each block: steps and epochs are those of one block. */
export interface FitInTurnOptions extends Omit<FitOptions<LocalParams>, "params" | "state" | "resume"> {
  /** adam() by default, with a state of its own for each block. */
  optimizer?: Optimizer;
}

/** A row of `fit`, and which block learned in it, from 1. */
export type InTurnRow = FitRow & {block: number};

/**
 * Trains the blocks of a local network one after the other, each to the end on what those before it give, instead of all in every
 * step: `for await (const row of fitInTurn({blocks, rule, classes}, data, {steps}))`. While a block learns, the network ends with
 * it, and the last answers where those that shall (`predictFrom`) are still to come; a head is trained with the blocks that there are, and the last one is kept. When it is over, read `model`, `params` and
 * `modelState`, and `dispose()` it.
 *
 * @example
 * import {adam, dense, evaluate} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {fitInTurn, forwardForward, labelAsInput} from "petri/forward-forward";
 *
 * const data = await digits();
 * const blocks = [64, 64].map((units) => dense({units, activation: "relu"}));
 * const rule = forwardForward({labels: labelAsInput({value: 3})});
 * const optimizer = adam({learningRate: 0.01});
 * const training = fitInTurn({blocks, rule, classes: 10}, data, {steps: 40, logEvery: 20, optimizer});
 * for await (const {block, loss} of training) display({block, loss});
 * display(await evaluate(training.model, training.params, data));
 * training.dispose();
 */
export function fitInTurn(
  network: LocalNetworkOptions,
  data: Dataset,
  options: FitInTurnOptions = {}
): InTurn {
  return new InTurn(network, data, options);
}

/** A training of blocks in turn: an async iterable of rows that knows its parameters. */
export class InTurn implements AsyncIterable<InTurnRow> {
  /** The whole network. */
  readonly model: Layer<LocalParams>;
  private trained: LocalParams | undefined;
  private states: ModelState = {};
  private readonly network: LocalNetworkOptions;
  /** For the network that ends with each block. */
  private readonly rules: readonly LocalRule[];
  private readonly data: Dataset;
  private readonly options: FitInTurnOptions;

  constructor(network: LocalNetworkOptions, data: Dataset, options: FitInTurnOptions) {
    checkGiven("fitInTurn", options, "options of fit such as {steps: 100}");
    checkGiven("fitInTurn", data, "a dataset behind the network");
    for (const name of ["params", "state", "resume"])
      if (name in options)
        throw new ArgumentError(
          `fitInTurn begins with the first block: leave out \`${name}\`, or train all blocks together with fit.`
        );
    const {optimizer} = options;
    if (optimizer !== undefined && typeof optimizer?.init !== "function")
      throw new ArgumentError(`optimizer must be an optimizer such as adam(), got ${String(optimizer)}.`);
    this.model = localNetwork(network);
    this.network = network;
    const {blocks, rule} = network;
    this.rules = blocks.map((_, i) => rule.upTo?.(i + 1, blocks.length) ?? rule);
    this.data = data;
    this.options = options;
  }

  /** Of all blocks that have learned so far. */
  get params(): LocalParams {
    if (!this.trained)
      throw new ArgumentError("No block has learned yet: go through the rows of the training first.");
    return this.trained;
  }

  /** What layers keep besides parameters. */
  get modelState(): ModelState {
    return this.states;
  }

  /** Frees the parameters and the states. */
  dispose(): void {
    dispose([this.trained ?? {}, this.states] as Params);
    this.trained = undefined;
    this.states = {};
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InTurnRow, void> {
    this.dispose();
    for (const index of this.network.blocks.keys()) yield* this.train(index);
  }

  /** One block to its end. */
  private async *train(index: number): AsyncGenerator<InTurnRow, void> {
    const {network, data, options, rules} = this;
    const {optimizer = adam(), key = keyOf(0), ...rest} = options;
    const current = `block${index + 1}`;
    const isDone = (name: string) => name.startsWith("block") && name !== current;
    const own = layerwise((name) => (isDone(name) ? freeze() : optimizer));
    const model = localNetwork({
      ...network,
      blocks: network.blocks.slice(0, index + 1),
      rule: rules[index] as LocalRule
    });
    const state = tidy(() => {
      const fresh = model.init(key.fold(0), data.inputShape);
      const started = initTrainState(
        withTrained(fresh, this.trained),
        own,
        model,
        data.inputShape,
        key.fold(3)
      );
      return {...started, modelState: clone({...started.modelState, ...this.states} as Params) as ModelState};
    });
    const training = fit(model, data, {...rest, key: key.fold(index), optimizer: own, state});
    dispose([state.params, state.optimizerState, state.modelState] as Params);
    try {
      for await (const row of training) yield {...row, block: index + 1};
      const next = [clone(training.params as Params), clone(training.state.modelState as Params)];
      this.dispose();
      [this.trained, this.states] = next as [LocalParams, ModelState];
    } finally {
      training.dispose();
    }
  }
}

/** Blocks that have learned, with those that have not and the head as they begin. */
function withTrained(fresh: LocalParams, trained: LocalParams | undefined): LocalParams {
  const blocks = Object.entries(trained ?? {}).filter(([name]) => name.startsWith("block"));
  return {...fresh, ...Object.fromEntries(blocks)};
}
