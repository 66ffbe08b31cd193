import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {predict} from "../../core/evaluate.ts";
import type {Layer, ModelState} from "../../core/layer.ts";
import {softmaxCrossEntropy} from "../../core/losses/cross-entropy.ts";
import {klDivergence} from "../../core/losses/kl-divergence.ts";
import type {BatchLoss} from "../../core/task.ts";
import type {Params} from "../../core/tree.ts";
import {classCount, type Dataset} from "../../datasets/dataset.ts";
import {type Tensor, tf} from "../../tf.ts";

export interface DistillationOptions<P extends Params = Params> {
  /** Whose predictions are learnt: the network before it was pruned. */
  model: Layer<P>;
  params: P;
  modelState?: ModelState;
  /** The teacher's share of the loss, from 0 to 1; 1, the teacher alone, by default. */
  hardness?: number;
  /** Logits of both are divided by it before they are compared, 1 by default. */
  temperature?: number;
}

/**
 * A dense network teaches its pruned self (Hinton et al. 2015; part of the fine-tuning recipe of Kuznedelev et al. 2023). Gives what `fit` takes: the rows with the
 * teacher's logits, which are computed once, and the loss (1 - hardness) CE(logits, labels) + hardness T^2 KL(teacher's softmax(logits / T) || softmax(logits / T)).
 * On rows with plain labels, such as test data, the loss is cross-entropy. Throws an ArgumentError for data without a class a row.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {distillation, gradualCubic, pruningCycles} from "petri/pruning";
 *
 * const [model, rows] = [mlp([2, 48, 48, 2]), twoMoons({n: 300})];
 * const dense = fit(model, rows, {steps: 200});
 * for await (const row of dense);
 * const taught = await distillation(rows, {model, params: dense.params, temperature: 2});
 * const times = {start: 20, end: 140, every: 40};
 * const rate = pruningCycles({peak: 0.01, steps: 200, ...times});
 * const optimizer = gradualCubic(adam({learningRate: rate}), {sparsity: 0.95, ...times});
 * const sparse = fit(model, taught.data, {params: dense.params, loss: taught.loss, steps: 200, test: rows, optimizer});
 * for await (const {testAccuracy} of sparse) if (testAccuracy !== undefined) display(testAccuracy);
 * dense.dispose();
 * sparse.dispose();
 */
export async function distillation<P extends Params>(
  data: Dataset,
  options: DistillationOptions<P>
): Promise<{data: Dataset; loss: BatchLoss}> {
  const {model, params, modelState, hardness = 1, temperature = 1} = options;
  checkNumber("hardness", hardness, 0, 1);
  checkNumber("temperature", temperature, Number.MIN_VALUE);
  const classes = classCount(data);
  if (classes === 0 || data.targets || data.tokens || data.labelShape?.length)
    throw new ArgumentError(`distillation needs a class a row; ${data.name} has none.`);
  const logits = predict(model, params, data, {modelState});
  const known = await logits.data().finally(() => logits.dispose());
  const targets = new Float32Array(2 * known.length);
  for (const [row, label] of data.labels.entries()) {
    targets[2 * classes * row + label] = 1;
    targets.set(known.subarray(classes * row, classes * (row + 1)) as Float32Array, classes * (2 * row + 1));
  }
  const loss: BatchLoss = (outputs, wanted) => {
    if (wanted.dtype === "int32") return softmaxCrossEntropy(outputs, wanted);
    const [right, teacher] = tf.split(wanted, 2, -1) as [Tensor, Tensor];
    const softened = klDivergence(tf.div(outputs, temperature), tf.div(teacher, temperature), {
      targetLogits: true
    });
    return tf.add(
      tf.mul(1 - hardness, softmaxCrossEntropy(outputs, right)),
      tf.mul(hardness * temperature ** 2, softened)
    );
  };
  return {
    data: {...data, labels: new Int32Array(0), classes: 0, targets, targetShape: [2 * classes]},
    loss
  };
}
