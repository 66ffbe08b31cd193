import {denseProduct} from "../../../gpu/kernels/dense.ts";
import type {ActivationName} from "../../core/activations.ts";
import {checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Context, expectShape, inScope, type Layer} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {bernoulli, uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {dispatch} from "../dispatch.ts";
import {type MlpExpertParams, mlpExpert} from "../experts/mlp-expert.ts";
import type {Known} from "../options.ts";
import {keyOf} from "../routers/logits.ts";
import {
  decisionEntropy,
  decisionLogits,
  leafBalanceLoss,
  leafOf,
  leafProbabilities,
  type TreeNodes
} from "./decision-tree.ts";
import {applyMaster} from "./master-leaf.ts";
import {asTokensOf, featuresOf, flatTokens, tokenCount} from "./tokens.ts";

export interface FastFeedforwardOptions {
  /** Levels of decisions: 2^depth leaves. */
  depth: number;
  /** Hidden units of each leaf. */
  leafUnits: number;
  /** Numbers that come out; as many as go in by default. */
  units?: number;
  /** Of the leaves; ReLU by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Weight of the hardening loss, the mean entropy of decisions, which training adds; 0 by default, 3 in the paper. */
  hardening?: number;
  /** Weight of the balance loss over leaves, which training adds; 0 by default, 1 in the paper that has it. */
  balance?: number;
  /** Hidden units of a master leaf, which computes every token and is mixed with the tree by a learned number; none by default. */
  masterUnits?: number;
  /** Exchanges the branches of a node with this probability for each token while training, so that leaves see their neighbours' regions; 0 by default. */
  transposition?: number;
}

const OPTIONS: Known<FastFeedforwardOptions> = {
  depth: true,
  leafUnits: true,
  units: true,
  activation: true,
  hardening: true,
  balance: true,
  masterUnits: true,
  transposition: true
};

/** Nodes, leaves as experts, and, with a master leaf, that and the logit of the tree's share beside it. */
export type FastFeedforwardParams = {
  nodes: TreeNodes;
  leaves: MlpExpertParams;
  master?: MlpExpertParams;
  mix?: Tensor;
};

/** `fastFeedforward` as a layer, whose tree can be looked at. The tensors belong to the caller. */
export interface FastFeedforwardLayer extends Layer<FastFeedforwardParams> {
  /** The leaf that computes each token when decisions are hard, int32 [tokens]. */
  leaves(params: FastFeedforwardParams, x: Tensor): Tensor;
  /** The logits of going right at every node, [tokens, nodes]. */
  logits(params: FastFeedforwardParams, x: Tensor): Tensor;
}

/**
 * A fast feedforward network (Belcak & Wattenhofer 2023): a binary tree of decisions sigmoid(x w + b) whose leaves are perceptrons of
 * a hidden layer. In training the output is the mean of all leaves by the probabilities of their paths; otherwise every token goes
 * right where its logit is not below 0, and one leaf computes it, so that the work grows with the logarithm of the leaves. Training adds
 * the hardening loss, which makes the two agree. With `balance` and `masterUnits` it has what Charalampopoulos et al. (2024) add.
 * [batch, ..., features] -> [batch, ..., units].
 *
 * @example
 * import {fit, flops, sequential} from "petri/core";
 * import {gaussians} from "petri/datasets";
 * import {fastFeedforward} from "petri/moe";
 *
 * const model = sequential([fastFeedforward({depth: 3, leafUnits: 4, units: 3, hardening: 1})]);
 * const training = fit(model, gaussians({n: 300, classes: 3}), {epochs: 20});
 * let last;
 * for await (const row of training) last = row;
 * training.dispose();
 * display({accuracy: last.accuracy, flopsOfAToken: flops(model, [2])});
 */
export function fastFeedforward(options: FastFeedforwardOptions): FastFeedforwardLayer {
  checkFastFeedforward(options);
  const {depth, leafUnits, units, activation = "relu", masterUnits} = options;
  const name = "fastFeedforward";
  const count = 2 ** depth;
  const leaf = mlpExpert({hidden: leafUnits, units, activation});
  const master = masterUnits ? mlpExpert({hidden: masterUnits, units, activation}) : undefined;
  const outputs = (features: number) => units ?? features;

  function soft(params: FastFeedforwardParams, x: Tensor, context: Context): Tensor {
    const logits = decisionLogits(params.nodes, x);
    addLosses(logits, options, context);
    const shares = leafProbabilities(transposed(tf.sigmoid(logits), options, context));
    return mixedLeaves(params.leaves, x, shares, activation);
  }

  function hard({nodes, leaves}: FastFeedforwardParams, x: Tensor): Tensor {
    const indices = tf.expandDims(leafOf(nodes, x, depth), 1);
    const routing = {kind: "choices", experts: count, indices, weights: tf.ones(indices.shape)} as const;
    return dispatch(leaf, leaves, x, routing);
  }

  return {
    name,
    init(key, inputShape, path = name) {
      const features = featuresOf(inputShape, path);
      const limit = 1 / Math.sqrt(features);
      return {
        nodes: {
          kernel: uniform(key.fold(0), [count - 1, features], -limit, limit),
          bias: uniform(key.fold(1), [count - 1], -limit, limit)
        },
        leaves: leaf.init(key.fold(2), {experts: count, features}),
        ...(master && {master: master.init(key.fold(3), {experts: 1, features}), mix: tf.scalar(0.5)})
      };
    },
    apply: (params, x, context) =>
      inScope(context, (inner) => {
        const tokens = flatTokens(x, inner?.path ?? name);
        expectNodes(params, tokens, inner?.path ?? name);
        const y = inner?.training ? soft(params, tokens, inner) : hard(params, tokens);
        return asTokensOf(x, master ? applyMaster(master, params, tokens, y) : y);
      }),
    leaves: ({nodes}, x) => tidy(() => leafOf(nodes, flatTokens(x, name), depth)),
    logits: ({nodes}, x) => tidy(() => decisionLogits(nodes, flatTokens(x, name))),
    outputShape: (shape) => [...shape.slice(0, -1), outputs(shape.at(-1) as number)],
    flops(shape) {
      const features = shape.at(-1) as number;
      const leaves = [leaf, master].reduce((sum, each) => sum + (each?.flops?.(features) ?? 0), 0);
      return tokenCount(shape) * (2 * depth * features + leaves);
    }
  };
}

function checkFastFeedforward(options: FastFeedforwardOptions): void {
  checkOptions("fastFeedforward", options, OPTIONS);
  const {depth, leafUnits, hardening = 0, balance = 0, masterUnits, transposition = 0} = options;
  checkCount("depth", depth);
  checkNumber("depth", depth, 1, 20);
  checkCount("leafUnits", leafUnits);
  checkNumber("hardening", hardening, 0);
  checkNumber("balance", balance, 0);
  checkNumber("transposition", transposition, 0, 0.5);
  if (masterUnits !== undefined) checkCount("masterUnits", masterUnits);
}

function expectNodes({nodes}: FastFeedforwardParams, tokens: Tensor, path: string): void {
  const features = nodes.kernel.shape[1] as number;
  expectShape(tokens.shape[1] === features, path, `[batch, ..., ${features}]`, tokens.shape);
}

function addLosses(
  logits: Tensor,
  {hardening = 0, balance = 0}: FastFeedforwardOptions,
  context: Context
): void {
  if (hardening > 0) context.addLoss?.(tf.mul(decisionEntropy(logits), hardening));
  if (balance > 0) context.addLoss?.(tf.mul(leafBalanceLoss(logits), balance));
}

/** Probabilities of going right, of which some are exchanged with those of going left. */
function transposed(right: Tensor, {transposition = 0}: FastFeedforwardOptions, context: Context): Tensor {
  if (transposition === 0) return right;
  const isExchanged = bernoulli(keyOf(context, "the branches to exchange"), transposition, right.shape);
  return tf.add(isExchanged, tf.mul(right, tf.sub(1, tf.mul(isExchanged, 2))));
}

/** The sum over all leaves of share times leaf(token), by two products: of all hidden layers, and of all outputs. */
function mixedLeaves(
  {in: first, out}: MlpExpertParams,
  x: Tensor,
  shares: Tensor,
  activation: FastFeedforwardOptions["activation"]
): Tensor {
  const [leaves, features, hidden] = first.kernel.shape as [number, number, number];
  const outputs = out.kernel.shape[2] as number;
  const kernel = tf.reshape(tf.transpose(first.kernel, [1, 0, 2]), [features, leaves * hidden]);
  const bias = tf.reshape(first.bias as Tensor, [leaves * hidden]);
  const all = dense({units: leaves * hidden, activation}).apply({kernel, bias}, x);
  const weighted = tf.mul(tf.reshape(all, [-1, leaves, hidden]), tf.expandDims(shares, 2));
  return tf.add(
    denseProduct(
      tf.reshape(weighted, [-1, leaves * hidden]),
      tf.reshape(out.kernel, [leaves * hidden, outputs]),
      undefined,
      "linear"
    ),
    denseProduct(shares, out.bias as Tensor, undefined, "linear")
  );
}
