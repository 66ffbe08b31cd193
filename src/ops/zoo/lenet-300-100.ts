import {type Mlp, type MlpOptions, mlp} from "../core/layers/mlp.ts";

/**
 * LeNet-300-100 (LeCun et al. 1998): 784 inputs, hidden layers of 300 and 100, 10 logits; 266,610 parameters. ReLU by
 * default, as in the lottery ticket paper (Frankle & Carbin 2019).
 *
 * @example
 * import {describe, lenet300100} from "petri/zoo";
 *
 * display(Inputs.table(describe(lenet300100(), [28, 28]).layers));
 */
export function lenet300100(options: MlpOptions & {inputs?: number; classes?: number} = {}): Mlp {
  const {inputs = 784, classes = 10, ...rest} = options;
  return mlp([inputs, 300, 100, classes], rest);
}
