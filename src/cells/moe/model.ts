// What the views of mixtures of experts are told: plain data, as petri/moe's routingReport gives it.

/** A mixture's routing of a dataset: what a routing view shows of routingReport's record. */
export interface RoutingSummary {
  readonly experts: number;
  /** Share of each expert; they add up to 1. */
  readonly load: readonly number[];
  readonly loadEntropy: number;
  readonly routerEntropy?: number;
  readonly dropped: number;
  readonly unrouted: number;
  readonly labels: readonly string[];
  /** The share of each label's choices that each expert has, [labels, experts]. */
  readonly specialisation: readonly (readonly number[])[];
}

/** Loads at a step of training. */
export interface LoadAtStep {
  readonly step: number;
  /** Share of each expert. */
  readonly load: readonly number[];
}

export interface RoutingViewOptions {
  /** The loads while it was trained; without them only the end is shown. */
  readonly history?: readonly LoadAtStep[];
}

/** An image and the experts that its tokens visit. */
export interface RoutedExample {
  readonly label: string;
  /** Brightness from 0 to 1, row after row. */
  readonly pixels: ArrayLike<number>;
  /** Pixels of a row. */
  readonly width: number;
  /** The experts of each token, in order; a weight for each. The image is cut into so many stripes from top to bottom. */
  readonly tokens: readonly {readonly experts: readonly number[]; readonly weights: readonly number[]}[];
}

export interface RoutingExplorerOptions {
  /** How many experts there are. */
  readonly experts: number;
}

/** What cells get of an explorer: which example is looked at, and which of its tokens, by number. */
export interface RoutingExplorerValue {
  readonly example: number;
  readonly token: number | null;
}

/** Throws TypeError unless it is one record of what routingReport gives. */
export function checkSummary(report: RoutingSummary): void {
  if (Array.isArray(report?.load) && Array.isArray(report.specialisation) && Array.isArray(report.labels))
    return;
  throw new TypeError(
    "routingView shows one mixture: pass a record of await routingReport(model, params, data), the first say, with routingReport from petri/moe."
  );
}

/** Throws TypeError unless there are examples whose tokens have experts that there are. */
export function checkExamples(
  examples: readonly RoutedExample[],
  {experts}: Partial<RoutingExplorerOptions> = {}
): void {
  const isExpert = (expert: number) => Number.isInteger(expert) && expert >= 0 && expert < (experts ?? 0);
  const isWhole = ({pixels, width, tokens}: RoutedExample) =>
    pixels?.length > 0 &&
    pixels.length % width === 0 &&
    tokens?.every((token) => token.experts.length === token.weights.length && token.experts.every(isExpert));
  if (Array.isArray(examples) && examples.length > 0 && examples.every(isWhole)) return;
  throw new TypeError(
    "routingExplorer needs examples [{label, pixels, width, tokens: [{experts, weights}]}], at least one, and {experts}, the number of experts; each expert of a token must be from 0 to experts - 1."
  );
}
