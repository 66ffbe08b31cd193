import {ArgumentError, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal} from "../../core/initializers.ts";
import {type Context, type Layer, type Shape, shapeAfter} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {map, type Params, zerosLike} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyBlock, localGradient, rowsOf} from "../block.ts";
import {checkInitializer} from "../checks.ts";
import {blockOutputs} from "../classifier.ts";
import type {Block, BlockParams, BlockPlace, LocalRule, NetworkContext} from "../local-rule.ts";

export interface MomentumAuxiliaryOptions {
  /** Share of the old running mean of the next block's parameters, 0.995 by default. */
  momentum?: number;
  /**
   * What is learned beside the copy of the next block and added to what it gives: a bias (the default), nothing with false, or with
   * "layer" a second copy of the next block that goes down the local loss, as in the authors' code.
   */
  useBias?: boolean | "layer";
  /** Of the classifiers; LeCun's by default. */
  headInit?: Initializer;
}

/** What a block learns besides its layer: a classifier behind the copy of the next block, and a bias, or a layer, beside that. */
type Head = {kernel: Tensor; classBias: Tensor; bias?: Tensor; beside?: Params};

/** The running mean of the next block's parameters times `share`, which tells how much of it is there. */
type Running = {mean: Params; share: Tensor};

/**
 * The momentum auxiliary network (Su et al., Momentum Auxiliary Network for Supervised Local Learning, 2024): each block's local
 * classifier stands behind a copy of the next block, whose parameters are a running mean of the real ones, and a bias of its own,
 * so that what a block learns is of use to the block behind it. No gradient crosses blocks; the last block has a classifier
 * alone, which answers. In the authors' code the running mean begins at random numbers of its own and moves after a step (here it
 * begins at the next block itself), the local classifier is a small convolutional network, and a decoder's loss is added.
 *
 * @example
 * import {dense, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {localNetwork, momentumAuxiliary} from "petri/forward-forward";
 *
 * const blocks = [64, 64, 64].map((units) => dense({units, activation: "relu"}));
 * const model = localNetwork({blocks, rule: momentumAuxiliary(), classes: 10});
 * const training = fit(model, await digits(), {steps: 60, logEvery: 20});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function momentumAuxiliary(options: MomentumAuxiliaryOptions = {}): LocalRule {
  checkOptions("momentumAuxiliary", options, {momentum: true, useBias: true, headInit: true});
  const {momentum = 0.995, useBias = true, headInit = lecunNormal} = options;
  checkNumber("momentum", momentum, 0, 1);
  if (![true, false, "layer"].includes(useBias))
    throw new ArgumentError(`useBias must be true, false or "layer", got ${String(useBias)}.`);
  if (momentum === 1)
    throw new ArgumentError("momentum must be below 1: at 1 the copy would never hear of the next block.");

  checkInitializer("headInit", headInit);
  return {
    name: "momentumAuxiliary",
    init(key, place) {
      const shape = shapeBehind(place);
      const {next, outputShape} = place;
      return {
        kernel: headInit(key, [sizeOf(shape), place.classes]),
        classBias: tf.zeros([place.classes]),
        ...(next && useBias === true && {bias: tf.zeros([...shape])}),
        ...(next && useBias === "layer" && {beside: next.init(key.fold(1), outputShape)})
      };
    },
    initState(key, {next, outputShape}) {
      return tidy(() => ({
        share: tf.scalar(0),
        ...(next && {mean: zerosLike(next.init(key, outputShape))})
      }));
    },
    upTo() {
      throw new ArgumentError(
        "momentumAuxiliary teaches a block by the one behind it, which has to learn beside it: train all blocks together with fit, or pass another rule to fitInTurn."
      );
    },
    begin: (x, y) => ({x, y}),
    step(block, streams, context) {
      const [x, y] = [streams.x as Tensor, streams.y as Tensor];
      const copy = block.next && copyOf(block, context, momentum);
      const {loss, updates, aux} = localGradient(block, (params: BlockParams) => {
        const output = applyBlock(block, x, context, params.layer);
        const seen = copy ? behind(copy, block.next as Layer, output, params.rule as Head, context) : output;
        return [softmaxCrossEntropy(scoresOf(seen, params.rule as Head), y), {output}];
      });
      return {loss, updates, streams: {x: aux.output as Tensor, y}};
    },
    predict(blocks, x, context) {
      const last = blockOutputs(blocks, x, context, (output) => output).at(-1) as Tensor;
      return scoresOf(last, blocks.at(-1)?.params.rule as Head);
    }
  };
}

/** Moves the running mean by the next block's parameters, and gives it in full size: after one step, these themselves. */
function copyOf({index}: Block, context: NetworkContext, momentum: number): Params {
  const path = context.path ?? "";
  const {mean, share} = (context.state?.[path] ?? {}) as Partial<Running>;
  const next = context.blocks[index + 1]?.params.layer as Params;
  if (!mean || !share)
    throw new ArgumentError(
      `${path} has no running mean of the block behind it: begin with initState(model, inputShape), as fit does.`
    );
  const moved = (old: Tensor, now: Tensor | number) =>
    tf.add(tf.mul(old, momentum), tf.mul(now, 1 - momentum));
  const after = {
    mean: map((old: Tensor, _path, now) => moved(old, now as Tensor), mean, next) as Params,
    share: moved(share, 1)
  };
  context.setState?.(path, after);
  return map((leaf: Tensor) => tf.div(leaf, after.share), after.mean) as Params;
}

/** What the copy of the next block makes of an output. It keeps no state of its own. */
function behind(copy: Params, next: Layer, output: Tensor, {bias, beside}: Head, context: Context): Tensor {
  const {state: _state, setState: _setState, ...rest} = context;
  const seen = next.apply(copy, output, {...rest, path: `${context.path}/copy`});
  if (beside) return tf.add(seen, next.apply(beside, output, {...rest, path: `${context.path}/beside`}));
  return bias ? tf.add(seen, bias) : seen;
}

function scoresOf(output: Tensor, {kernel, classBias}: Head): Tensor {
  return tf.add(tf.matMul(rowsOf(output), kernel), classBias);
}

const shapeBehind = ({next, outputShape}: BlockPlace): Shape =>
  next ? shapeAfter(next, outputShape) : outputShape;

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);
