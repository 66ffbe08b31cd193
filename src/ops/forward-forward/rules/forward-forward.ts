import {ArgumentError, checkOptions} from "../../core/errors.ts";
import {logisticLoss} from "../goodness.ts";
import {type GoodnessRuleOptions, goodnessRule, goodnessRuleOptionNames} from "../goodness-rule.ts";
import type {Block, LocalRule} from "../local-rule.ts";

export interface ForwardForwardOptions extends GoodnessRuleOptions {
  /**
   * Goodness above it stands for positive: a number, or "width" (the default), the number of a block's outputs for the sum of
   * their squares and 1 for the mean.
   */
  threshold?: number | "width";
}

/**
 * Forward-Forward (Hinton, arXiv:2212.13345): each block makes its goodness, the sum of its squared outputs, large for positive
 * inputs and small for negative ones, by the cross-entropy of sigmoid(goodness - threshold). Blocks see inputs divided by their
 * size, so that only what a block adds counts. The defaults are those of Hinton's and of loeweX's code, where blocks are
 * `dense({units, activation: straightThroughRelu, kernelInit: varianceScaling({mode: "fanOut", distribution: "normal"})})`, with `peer: {}` and `predict: "classifier"`; mohammadpz's code is
 * `{goodness: "mean", threshold: 2, normalization: "length", labels: labelInPixels({value: "max"}), predictFrom: 1}`.
 *
 * @example
 * import {adam, dense, evaluate, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {forwardForward, labelAsInput, localNetwork} from "petri/forward-forward";
 *
 * const data = await digits();
 * const blocks = [64, 64].map((units) => dense({units, activation: "relu"}));
 * const rule = forwardForward({labels: labelAsInput({value: 3})});
 * const model = localNetwork({blocks, rule, classes: 10});
 * const training = fit(model, data, {steps: 80, logEvery: 40, batchSize: 64, optimizer: adam({learningRate: 0.01})});
 * for await (const row of training) display(row);
 * display(await evaluate(model, training.params, data));
 * training.dispose();
 */
export function forwardForward(options: ForwardForwardOptions = {}): LocalRule {
  checkOptions("forwardForward", options, {...goodnessRuleOptionNames, threshold: true});
  const {threshold = "width", ...shared} = options;
  checkThreshold(threshold);
  return goodnessRule(shared, {
    name: "forwardForward",
    lossOf: (block) => logisticLoss(thresholdOf(block, threshold, shared.goodness))
  });
}

/** @throws ArgumentError for what is neither a finite number nor "width". */
export function checkThreshold(threshold: number | "width"): void {
  if (threshold === "width" || Number.isFinite(threshold)) return;
  throw new ArgumentError(
    `threshold must be a finite number or "width", got ${String(threshold)}; "width", the default, follows the size of each block.`
  );
}

/** The threshold of a block, as a number. */
export function thresholdOf(
  {outputShape}: Block,
  threshold: number | "width",
  goodness: GoodnessRuleOptions["goodness"] = "sum"
): number {
  if (threshold !== "width") return threshold;
  return goodness === "mean" ? 1 : outputShape.reduce((size, dim) => size * dim, 1);
}
