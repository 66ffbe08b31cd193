// What rules share whose blocks each tell the classes by themselves, by a small head of their own and its local loss.
import {ArgumentError} from "../core/errors.ts";
import type {Key} from "../core/key.ts";
import type {Context} from "../core/layer.ts";
import {softmaxCrossEntropy} from "../core/losses/cross-entropy.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import {applyBlock, localGradient} from "./block.ts";
import {blockOutputs} from "./classifier.ts";
import type {Block, BlockParams, BlockPlace, LocalRule} from "./local-rule.ts";

/** Whose scores answer: the "sum" or "mean" of all blocks', or the "last" block's. */
export type Votes = "sum" | "mean" | "last";

/** What makes a rule of local classifiers. */
interface Variant {
  name: string;
  votes: Votes;
  init?(key: Key, place: BlockPlace): Params;
  /** Throws where a block does not fit the rule. */
  check?(place: BlockPlace): void;
  /** The block's scores of the classes, [batch, classes]. */
  scoresOf(output: Tensor, rule: Params | undefined, block: Block): Tensor;
  /** Softmax cross-entropy by default. */
  loss?(scores: Tensor, y: Tensor): Tensor;
  /** What the next block is given, made of the output; the output itself by default. */
  onward?(output: Tensor): Tensor;
}

/** A rule whose blocks go down the loss of their own scores: each block with its head, and nothing before it. */
export function classifyingRule(variant: Variant): LocalRule {
  const {name, votes, init, scoresOf, loss = softmaxCrossEntropy, onward = (output) => output} = variant;
  return {
    name,
    ...(init && {
      init: (key: Key, place: BlockPlace) => {
        variant.check?.(place);
        return init(key, place);
      }
    }),
    begin: (x, y) => ({x, y}),
    step(block, {x, y}, context) {
      variant.check?.(block);
      const {
        loss: value,
        updates,
        aux
      } = localGradient(block, (params: BlockParams) => {
        const output = applyBlock(block, x as Tensor, context, params.layer);
        const scores = scoresOf(output, params.rule, block);
        return [loss(scores, y as Tensor), {output, scores}];
      });
      const {output, scores} = aux as {output: Tensor; scores: Tensor};
      return {loss: value, updates, streams: {x: onward(output), y: y as Tensor}, scores};
    },
    predict: (blocks, x, context) => voted(blocks, x, context, {votes, scoresOf, onward}),
    vote: (scores) => together(scores, votes)
  };
}

/** The scores of a network, from those of its blocks: [batch, classes]. */
export function voted(
  blocks: readonly Block[],
  x: Tensor,
  context: Context,
  {votes, scoresOf, onward}: Pick<Variant, "votes" | "scoresOf"> & {onward: (output: Tensor) => Tensor}
): Tensor {
  const each: Tensor[] = [];
  blockOutputs(blocks, x, context, (output, block) => {
    if (votes !== "last" || block.index === blocks.length - 1)
      each.push(scoresOf(output, block.params.rule, block));
    return onward(output);
  });
  return together(each, votes);
}

function together(scores: readonly Tensor[], votes: Votes): Tensor {
  const heard = votes === "last" ? scores.slice(-1) : scores;
  const sum = heard.length === 1 ? (heard[0] as Tensor) : tf.addN([...heard]);
  return votes === "mean" ? tf.div(sum, heard.length) : sum;
}

/** @throws ArgumentError for another way to answer. */
export function checkVotes(votes: Votes): void {
  if (!["sum", "mean", "last"].includes(votes))
    throw new ArgumentError(`predict must be "sum", "mean" or "last", got ${String(votes)}.`);
}
