// What a router decides, as data: which experts compute which tokens, and how much each counts.

import type {Key} from "../core/key.ts";
import type {Context} from "../core/layer.ts";
import type {Params} from "../core/tree.ts";
import type {Tensor} from "../tf.ts";

/** What a router thought of every token and expert; losses are made of it. */
export interface RouterScores {
  /** Before any normalisation, [tokens, experts]. */
  readonly logits?: Tensor;
  /** After it, [tokens, experts]. */
  readonly probabilities?: Tensor;
  /** What logits were made of where noise came in: without it, [tokens, experts], and its standard deviation, of the same shape or a scalar. */
  readonly noise?: {readonly clean: Tensor; readonly deviation: Tensor};
}

/** Tokens choose: the experts of every token. */
export interface Choices extends RouterScores {
  readonly kind: "choices";
  readonly experts: number;
  /** [tokens, k] int32, the best first; -1 where a choice was dropped. */
  readonly indices: Tensor;
  /** [tokens, k]; 0 where a choice was dropped. Gradients of the router go through them. */
  readonly weights: Tensor;
  /** How many tokens chose each expert before capacities were kept, [experts]; only where some were. */
  readonly offered?: Tensor;
}

/** Experts choose: the tokens of every expert. */
export interface Slots extends RouterScores {
  readonly kind: "slots";
  readonly experts: number;
  /** [experts, capacity] int32, the best first; -1 where a slot is empty. */
  readonly tokens: Tensor;
  /** [experts, capacity]; 0 where a slot is empty. */
  readonly weights: Tensor;
}

export type Routing = Choices | Slots;

/** Parameters of a router that is a product: a column for each expert, [features, experts]. */
export type LinearRouterParams = {kernel: Tensor};

/** What a router is made for. */
export interface RouterShape {
  /** Numbers for each token. */
  readonly features: number;
  readonly experts: number;
  /** Tokens come as so many stretches of equal length, each with a capacity of its own; 1 where it is left out. */
  readonly groups?: number;
}

/** Gives every token its experts. Parameters are made by `init` and passed to `route`, as those of a layer. */
export interface Router<P extends Params = Params> {
  readonly name: string;
  /** Experts for each token, where that is the same for all. */
  readonly k?: number;
  /** Experts for each of so many tokens that are routed together, on average, where there is no k; all of them where it is left out. */
  active?(shape: RouterShape, tokens: number): number;
  /** Floating-point operations for a token, a multiplication and its addition being two; none where it is left out. */
  flops?(shape: RouterShape): number;
  /** Fresh parameters; the caller owns them. */
  init(key: Key, shape: RouterShape, path?: string): P;
  /** What it keeps from step to step besides parameters, e.g. a bias for each expert. */
  initState?(shape: RouterShape): Params;
  /**
   * The routing of tokens x, [tokens, features]. Losses of its own go to `context.addLoss`, states to `context.setState` under
   * `context.path`; ids of tokens are in `context.left("tokens")`. The tensors belong to the caller.
   */
  route(params: P, x: Tensor, shape: RouterShape, context?: Context): Routing;
}
