import {batchRows, takeRows} from "../../core/batches.ts";
import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import type {Layer, ModelState} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {classCount, type Dataset, gatherRows, rowCount} from "../../datasets/dataset.ts";
import {tf} from "../../tf.ts";
import {checkWord} from "../options.ts";
import {type HostRouting, hostRoutings} from "./routings.ts";

export interface RoutingReportOptions {
  /** Rows of data at a time, 128 by default. */
  batchSize?: number;
  /** What the rows of the specialisation matrix are: the class of an example or position ("class"), or the token that went in ("token"). */
  by?: "class" | "token";
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
}

/** How one mixture of a network treats a dataset: plain data. */
export interface LayerRouting {
  /** Where it is: "residual2/body/moe1". */
  path: string;
  experts: number;
  /** Tokens that it was given. */
  tokens: number;
  /** The share of all kept choices that each expert has; they add up to 1. */
  load: number[];
  /** The sum of each expert's weights over all tokens, divided by their number. */
  weight: number[];
  /** The share of choices that were dropped, or slots that stayed empty. */
  dropped: number;
  /** The share of tokens that no expert computes. */
  unrouted: number;
  /** The entropy of `load` divided by that of equal loads: 1 is balance, 0 is collapse on one expert. */
  loadEntropy: number;
  /** The mean entropy of the router's probabilities of a token, divided by log experts; left out where it has none. */
  routerEntropy?: number;
  /** Names of the rows of `specialisation`; empty where data has neither classes nor tokens. */
  labels: string[];
  /** The share of each label's choices that goes to each expert, [labels, experts]: rows add up to 1, or 0 where the label does not occur. */
  specialisation: number[][];
  /** Choices that each label had. */
  choices: number[];
}

/**
 * How every mixture of a network routes a dataset: the load of its experts, what was dropped, how sure the router is, and which
 * expert computes which class or token. For views and notebooks: plain numbers, a record for each mixture in order. Throws an
 * ArgumentError where the network has no mixture, the data no rows, labels are neither one an example nor one a token, or a token's logits
 * are NaN or infinite.
 *
 * @example
 * import {key, sequential, dense} from "petri/core";
 * import {gaussians} from "petri/datasets";
 * import {mlpExpert, moe, routingReport, topKRouter} from "petri/moe";
 *
 * const layer = moe({experts: 4, router: topKRouter({k: 1}), expert: mlpExpert({hidden: 8})});
 * const model = sequential([layer, dense({units: 3})]);
 * const data = gaussians({n: 120, classes: 3, seed: 1});
 * const [report] = await routingReport(model, model.init(key(0), data.inputShape), data);
 * display({load: report.load, entropy: report.loadEntropy});
 * display(Inputs.table(report.specialisation.map((row, i) => ({class: report.labels[i], ...row}))));
 */
export async function routingReport(
  model: Layer,
  params: Params,
  data: Dataset,
  options: RoutingReportOptions = {}
): Promise<LayerRouting[]> {
  checkOptions("routingReport", options, {batchSize: true, by: true, modelState: true});
  const {batchSize = 128, by = "class", modelState} = options;
  checkCount("batchSize", batchSize);
  checkWord("by", by, ["class", "token"]);
  if (rowCount(data) === 0) throw new ArgumentError(`${data.name} has no rows to report on.`);
  const labels = labelNames(data, by);
  const tallies = new Map<string, Tally>();
  for (const rows of batchRows(rowCount(data), batchSize)) {
    const {x, y} = takeRows(data, rows);
    try {
      const {inputs, labels: classes} = gatherRows(data, rows);
      const told = labels.length === 0 ? undefined : by === "token" ? inputs : classes;
      const state = modelState && {state: modelState};
      for (const routing of await hostRoutings(model, params, x, {...state})) {
        const tally = tallies.get(routing.path) ?? new Tally(routing.experts, labels);
        tallies.set(routing.path, tally.add(routing, labelsOf(told, routing.tokens, rows.length)));
      }
    } finally {
      tf.dispose([x, y]);
    }
  }
  return [...tallies].map(([path, tally]) => ({path, ...tally.report()}));
}

function labelNames(data: Dataset, by: "class" | "token"): string[] {
  if (data.targets && by === "class") return [];
  if (Array.isArray(data.classes)) return [...data.classes];
  return Array.from({length: classCount(data)}, (_, i) => String(i));
}

/** The label of every token: its own, or that of its example. */
function labelsOf(
  labels: ArrayLike<number> | undefined,
  tokens: number,
  examples: number
): (token: number) => number | undefined {
  if (!labels) return () => undefined;
  if (labels.length !== tokens && labels.length !== examples)
    throw new ArgumentError(
      `There are ${labels.length} labels for ${examples} examples of ${tokens} tokens: a label for each example or each token is needed. Pass {by: "class"} or {by: "token"} as the data has them.`
    );
  const each = tokens / labels.length;
  return (token) => labels[Math.floor(token / each)];
}

/** Counts over the batches. */
class Tally {
  private readonly experts: number;
  private readonly labels: string[];
  private readonly counts: Float64Array;
  private readonly weights: Float64Array;
  private readonly matrix: Float64Array[];
  private tokens = 0;
  private choices = 0;
  private unrouted = 0;
  private entropy: number | undefined;

  constructor(experts: number, labels: string[]) {
    this.experts = experts;
    this.labels = labels;
    this.counts = new Float64Array(experts);
    this.weights = new Float64Array(experts);
    this.matrix = labels.map(() => new Float64Array(experts));
  }

  add(routing: HostRouting, labelOf: (token: number) => number | undefined): this {
    const {token, expert, weight, tokens, choices, probabilities} = routing;
    const isRouted = new Uint8Array(tokens);
    for (let i = 0; i < token.length; ++i) {
      const [own, e] = [token[i] as number, expert[i] as number];
      isRouted[own] = 1;
      bump(this.counts, e, 1);
      bump(this.weights, e, weight[i] as number);
      const label = labelOf(own);
      if (label !== undefined) bump(this.matrix[label], e, 1);
    }
    this.tokens += tokens;
    this.choices += choices;
    this.unrouted += tokens - isRouted.reduce((sum, each) => sum + each, 0);
    if (probabilities) this.entropy = (this.entropy ?? 0) + entropies(probabilities, this.experts);
    return this;
  }

  report(): Omit<LayerRouting, "path"> {
    const {experts, tokens, labels, entropy} = this;
    const kept = sum(this.counts);
    const most = experts > 1 ? Math.log(experts) : 1;
    return {
      experts,
      tokens,
      load: shares(this.counts),
      weight: [...this.weights].map((each) => each / tokens),
      dropped: this.choices === 0 ? 0 : 1 - kept / this.choices,
      unrouted: this.unrouted / tokens,
      loadEntropy: experts === 1 ? 1 : entropyOf(shares(this.counts)) / most,
      ...(entropy !== undefined && {routerEntropy: entropy / tokens / most}),
      labels,
      specialisation: this.matrix.map(shares),
      choices: this.matrix.map(sum)
    };
  }
}

function bump(to: Float64Array | undefined, at: number, by: number): void {
  if (to) to[at] = (to[at] ?? 0) + by;
}

const sum = (values: Float64Array): number => values.reduce((total, each) => total + each, 0);

function shares(counts: Float64Array): number[] {
  const total = sum(counts);
  return [...counts].map((count) => (total === 0 ? 0 : count / total));
}

const entropyOf = (shares: readonly number[]): number =>
  -shares.reduce((total, share) => total + (share > 0 ? share * Math.log(share) : 0), 0);

/** The sum of the entropies of all rows; rows that do not add up to one (of sigmoids) are taken as shares. */
function entropies(probabilities: Float32Array, experts: number): number {
  let total = 0;
  for (let start = 0; start < probabilities.length; start += experts)
    total += entropyOf(shares(Float64Array.from(probabilities.subarray(start, start + experts))));
  return total;
}
