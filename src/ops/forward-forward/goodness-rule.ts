// What Forward-Forward and its variants share: everything but the loss of the goodness.
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../core/errors.ts";
import {type Initializer, zeros} from "../core/initializers.ts";
import type {Key} from "../core/key.ts";
import {type Context, inScope} from "../core/layer.ts";
import {type Tensor, tf} from "../tf.ts";
import {applyBlock} from "./block.ts";
import {checkInitializer} from "./checks.ts";
import {answersFrom, blockOutputs, classifierHead, classifierScores, FEATURES} from "./classifier.ts";
import {type GoodnessKind, type GoodnessLoss, goodnessGradient, goodnessOf} from "./goodness.ts";
import {checkLabels, type LabelEmbedding, labelInPixels, neutral} from "./labels.ts";
import type {Block, BlockPlace, LocalRule, NetworkContext, Streams} from "./local-rule.ts";
import {type Negatives, wrongLabel} from "./negatives.ts";
import {checkNormalization, divisorOf, type Normalization, normalizer} from "./normalization.ts";

export interface PeerOptions {
  /** Of the loss beside that of the goodness, 0.03 by default. */
  weight?: number;
  /** Share of the old running mean in the new, 0.9 by default. */
  momentum?: number;
  /** The running mean before the first step, 0.5 by default. */
  initial?: number;
}

export interface GoodnessRuleOptions {
  /** The "sum" of a block's squared outputs (the default), or their "mean". */
  goodness?: GoodnessKind;
  /** What blocks are given: inputs and outputs divided by their "rms" (the default), by their "length", or as they are with "none". */
  normalization?: Normalization;
  /** Added to what is divided by: 1e-8 for "rms", 1e-4 for "length" by default. */
  epsilon?: number;
  /** Peer normalisation, which keeps units about equally active; none by default, {} for the usual one. */
  peer?: PeerOptions;
  /** How the label comes into the input, labelInPixels() by default. */
  labels?: LabelEmbedding;
  /** What is shown as wrong, wrongLabel() by default. */
  negatives?: Negatives;
  /**
   * Who answers: the "goodness" of the input with every label (the default), a pass for each class, or a "classifier" of what the
   * blocks give for inputs with a neutral label, which is trained beside them as a child of the parameters of that name.
   */
  predict?: "goodness" | "classifier";
  /** The first block, from 1, that has a say in the answer: 2 by default where there are more than one. */
  predictFrom?: number;
  /** Of the classifier's kernel, zeros by default. */
  classifierInit?: Initializer;
}

export const goodnessRuleOptionNames: Readonly<Record<keyof GoodnessRuleOptions, true>> = {
  goodness: true,
  normalization: true,
  epsilon: true,
  peer: true,
  labels: true,
  negatives: true,
  predict: true,
  predictFrom: true,
  classifierInit: true
};

/** What makes a rule of the goodness of positives and negatives. */
interface Variant {
  name: string;
  /** What a block makes small. */
  lossOf(block: Block, streams: Streams): GoodnessLoss;
  /** Further streams, from positives, then negatives, as the first block is given them. */
  begin?(both: Tensor, context: NetworkContext, pass: Pass): Streams;
}

/** What every block gives for what the first one is given: outputs as the next block is given them, and goodness, [batch]. */
export type Pass = (
  blocks: readonly Block[],
  x: Tensor,
  context: Context
) => {outputs: Tensor[]; goodness: Tensor[]};

/** A rule of positives and negatives, both in one stream, so that each block multiplies once. */
export function goodnessRule(options: GoodnessRuleOptions, variant: Variant): LocalRule {
  const settings = checked(options);
  const {goodness: kind, peer, labels, negatives, predictFrom, normalize} = settings;
  const byClassifier = settings.predict === "classifier";

  const pass: Pass = (blocks, x, context) => {
    const goodness: Tensor[] = [];
    const outputs = blockOutputs(blocks, x, context, (output) => {
      goodness.push(goodnessOf(output, kind));
      return normalize(output);
    });
    return {outputs, goodness};
  };
  const scores = ({blocks, classes, head}: NetworkContext, x: Tensor, context: Context): Tensor =>
    inScope(context, (inner = {}) => {
      const from = answersFrom(predictFrom, blocks.length);
      if (byClassifier && head) {
        const {outputs} = pass(blocks, normalize(neutral(labels, x, classes)), inner);
        return classifierScores(head, outputs.slice(from - 1));
      }
      const every = withEveryLabel(labels, x, classes);
      const {goodness} = pass(blocks, normalize(every), inner);
      const sums = tf.addN(goodness.slice(from - 1));
      return tf.transpose(tf.reshape(sums, [classes, -1]));
    });

  /** Positives, then negatives, as the first block is given them. */
  const bothOf = (x: Tensor, y: Tensor, context: NetworkContext): Tensor => {
    const {classes, key} = context;
    if (!key) throw new ArgumentError(`${variant.name} makes negatives at random: pass a key, as fit does.`);
    const still = {...context, training: false};
    const made = negatives.make({x, y, classes, labels, key, scores: () => scores(context, x, still)});
    return normalize(tf.concat([made.positive, made.negative]));
  };

  return {
    name: variant.name,
    figures: ["positive", "negative"],
    ...(labels.inputShape && {inputShape: (shape, classes) => labels.inputShape?.(shape, classes) ?? shape}),
    ...(peer && {
      initState: (_key: Key, place: BlockPlace) => ({peerMean: tf.fill([unitsOf(place)], peer.initial)})
    }),
    ...(byClassifier && {head: classifierHead(predictFrom, settings.classifierInit)}),
    upTo(count, all) {
      const isLater = answersFrom(predictFrom, all) > count;
      return isLater ? goodnessRule({...options, predictFrom: count}, variant) : this;
    },
    begin(x, y, context) {
      // In the first step: later there would be a training without an answer.
      answersFrom(predictFrom, context.blocks.length);
      const both = bothOf(x, y, context);
      return {
        both,
        ...(byClassifier && {y, plain: normalize(neutral(labels, x, context.classes))}),
        ...variant.begin?.(both, context, pass)
      };
    },
    step(block, streams, context) {
      const mean = peer && peerMeanOf(context);
      const made = goodnessGradient(block, streams.both as Tensor, context, {
        goodness: kind,
        loss: variant.lossOf(block, streams),
        divisor: divisorOf(settings.normalization, unitsOf(block), options.epsilon),
        ...(mean && {peer: {...peer, mean}})
      });
      if (made.peerMean) context.setState?.(context.path ?? "", {peerMean: made.peerMean});
      const next: Record<string, Tensor> = {...streams, both: made.normalized ?? normalize(made.output)};
      if (streams.plain) {
        next.plain = normalize(applyBlock(block, streams.plain, {...context, training: false}));
        next[`${FEATURES}${block.index + 1}`] = next.plain;
      }
      const [positive, negative] = tf.unstack(tf.mean(tf.reshape(made.goodness, [2, -1]), 1));
      return {
        loss: made.loss,
        updates: {layer: made.updates},
        streams: next,
        figures: [positive, negative] as Tensor[]
      };
    },
    predict: (_blocks, x, context) => scores(context, x, context),
    goodness(x, y, context) {
      const {goodness} = pass(context.blocks, bothOf(x, y, context), context);
      return context.blocks.map((block, i) => ({
        goodness: goodness[i] as Tensor,
        threshold: variant.lossOf(block, {}).threshold
      }));
    }
  };
}

/** The running mean of a block's activities, where peers are kept about equally active. */
function peerMeanOf({state, path = ""}: Context): Tensor {
  const {peerMean} = (state?.[path] ?? {}) as {peerMean?: Tensor};
  if (peerMean) return peerMean;
  throw new ArgumentError(
    `${path} has no running mean for peer normalisation: begin with initState(model, inputShape), as fit does.`
  );
}

/** Every input with every label, class by class: [classes batch, ...]. */
function withEveryLabel(labels: LabelEmbedding, x: Tensor, classes: number): Tensor {
  const rows = x.shape[0] as number;
  const each = tf.reshape(tf.eye(classes), [classes, 1, classes]);
  const shares = tf.reshape(tf.tile(each, [1, rows, 1]), [classes * rows, classes]);
  return labels.embed(tf.tile(x, [classes, ...x.shape.slice(1).map(() => 1)]), shares);
}

const unitsOf = ({outputShape}: BlockPlace) => outputShape.reduce((size, dim) => size * dim, 1);

function checked(options: GoodnessRuleOptions) {
  const {goodness = "sum", normalization = "rms", epsilon, labels = labelInPixels()} = options;
  const {negatives = wrongLabel(), predict = "goodness", predictFrom, classifierInit = zeros} = options;
  if (goodness !== "sum" && goodness !== "mean")
    throw new ArgumentError(`goodness must be "sum" or "mean", got ${String(goodness)}.`);
  if (predict !== "goodness" && predict !== "classifier")
    throw new ArgumentError(`predict must be "goodness" or "classifier", got ${String(predict)}.`);
  if (typeof negatives?.make !== "function")
    throw new ArgumentError(
      `negatives must be wrongLabel() or others of their kind, got ${String(negatives)}.`
    );
  checkLabels(labels);
  checkInitializer("classifierInit", classifierInit);
  checkNormalization(normalization, epsilon);
  if (predictFrom !== undefined) checkCount("predictFrom", predictFrom);
  if (negatives.byLabel && !labels.tellsLabels)
    throw new ArgumentError(
      `${negatives.name} differs from the positive in its label, and ${labels.name} leaves labels out: pass labels: labelInPixels(), or negatives: hybridImages().`
    );
  if (predict === "goodness" && !negatives.byLabel)
    throw new ArgumentError(
      `predict: "goodness" compares labels, which ${negatives.name} does not teach: pass predict: "classifier".`
    );
  return {
    ...{goodness, normalization, labels, negatives, predict, predictFrom, classifierInit},
    peer: options.peer === undefined ? undefined : checkedPeer(options.peer),
    normalize: normalizer(normalization, epsilon)
  };
}

function checkedPeer(peer: PeerOptions): Required<PeerOptions> {
  checkOptions("peer", peer, {weight: true, momentum: true, initial: true});
  const {weight = 0.03, momentum = 0.9, initial = 0.5} = peer;
  checkNumber("peer.weight", weight, 0);
  checkNumber("peer.momentum", momentum, 0, 1);
  checkNumber("peer.initial", initial);
  return {weight, momentum, initial};
}
