// What a local rule is: how one block of layers learns from what it is given alone.
import type {Key} from "../core/key.ts";
import type {Context, Layer, Shape} from "../core/layer.ts";
import type {Params} from "../core/tree.ts";
import type {Tensor} from "../tf.ts";

/** Where a block stands in its network. */
export interface BlockPlace {
  /** From 0. */
  readonly index: number;
  /** Blocks of the network. */
  readonly count: number;
  /** Of one example. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly classes: number;
  /** The layer of the block behind this one, where there is one. */
  readonly next?: Layer | undefined;
}

/** What a block is trained by: the parameters of its layer, and those of the rule (a head, say). */
export type BlockParams = {layer: Params; rule?: Params};

/** A block in its place. Its layer is applied with `context`, as a rule is given it. */
export interface Block extends BlockPlace {
  readonly layer: Layer;
  readonly params: BlockParams;
}

/** What goes from block to block, by name: {x}, or {positive, negative}. No gradient goes with it. */
export type Streams = Readonly<Record<string, Tensor>>;

/** The network as it is before a step, or while it predicts. */
export interface NetworkContext extends Context {
  readonly classes: number;
  readonly blocks: readonly Block[];
  /** The parameters of the rule's head, where it has one. */
  readonly head?: Params;
}

/** What a rule trains behind the last block: a classifier of what blocks gave, say. It is a child of the parameters beside them. */
export interface LocalHead {
  /** In the parameters; its loss is `${name}Loss` in the rows of a training. */
  readonly name: string;
  /** The caller owns them. */
  init(key: Key, places: readonly BlockPlace[]): Params;
  /** A step after those of the blocks, from what the last one gave. */
  step(params: Params, streams: Streams, context: Context): {updates: Params; loss: Tensor};
}

/** What a block makes of a step. */
export interface LocalStep {
  /** What stands for the gradient of the block's parameters, in their structure: the optimizer goes down it. */
  updates: BlockParams;
  /** What the next block is given. */
  streams: Streams;
  /** What the block made small, before its update: a scalar. */
  loss: Tensor;
  /** Scalars, in the order of the rule's `figures`. */
  figures?: readonly Tensor[];
  /** The block's own scores of the classes, before its update, [batch, classes]: what the rule's `vote` takes. */
  scores?: Tensor;
}

/** What a block makes of positives and negatives. */
export interface BlockGoodness {
  /** Of positives, then negatives, [2 batch]. */
  readonly goodness: Tensor;
  /** What it is compared with, where that is one number. */
  readonly threshold?: number | undefined;
}

/**
 * A rule that trains a network block by block, each from its own input and output (and the labels), so that nothing goes back
 * through the network: a new rule is one file. What a rule keeps fixed or by itself (random feedback, running means) is state,
 * not parameters: optimizers do not see it.
 */
export interface LocalRule {
  readonly name: string;
  /** Numbers that each block tells of a step; in the rows of a training the block's number (from 1) follows the name. */
  readonly figures?: readonly string[];
  /** The rule's own parameters for a block, which its updates move. The caller owns them. */
  init?(key: Key, place: BlockPlace): Params;
  /** What the rule keeps for a block besides: `context.state[context.path]`. The caller owns it. */
  initState?(key: Key, place: BlockPlace): Params;
  readonly head?: LocalHead;
  /**
   * The rule for the first `count` of all the blocks of a network, where it is another: blocks that learn in turn ask for it.
   * Throws an ArgumentError where they cannot, or where the rule does not fit the whole network.
   */
  upTo?(count: number, all: number): LocalRule;
  /** The shape of what the first block is given for inputs of a shape, where it is another. */
  inputShape?(inputShape: Shape, classes: number): Shape;
  /** What the first block is given, from a batch of inputs and its labels, int32 [batch]. */
  begin(x: Tensor, y: Tensor, context: NetworkContext): Streams;
  /** One step of a block. The context's path and key are its own; the blocks behind it are as they were before the step. */
  step(block: Block, streams: Streams, context: NetworkContext): LocalStep;
  /** Scores of the classes for inputs without labels: [batch, classes]. The highest is the answer. */
  predict(blocks: readonly Block[], x: Tensor, context: NetworkContext): Tensor;
  /** The same from the scores that every block told in its step, where the rule answers by these: [batch, classes]. */
  vote?(scores: readonly Tensor[]): Tensor;
  /** What every block makes of positives and of the negatives drawn for them by the context's key, where the rule has these. */
  goodness?(x: Tensor, y: Tensor, context: NetworkContext): readonly BlockGoodness[];
}
