// The numbers in the rows of a training.
import {type Tensor, tf} from "../tf.ts";
import {evaluate, measure} from "./evaluate.ts";
import {figureName, type Settings} from "./fit-options.ts";
import type {Layer} from "./layer.ts";
import type {TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/** Of the batch of a step. */
export type Figures = {loss: number; accuracy?: number};

/**
 * The figures of the last step's batch, from what `take` gives of it; the tensors they come from are freed. `names` are those
 * of the model's own learning.
 */
export async function figuresOf<P extends Params>(
  take: (index: number) => Tensor,
  metrics: Settings<P>["metrics"],
  names: readonly string[] = []
): Promise<Figures> {
  const results = [0, ...(metrics ? [1, 2] : [])].map((index) => tf.keep(take(index)));
  try {
    const [figures, outputs, wanted] = results;
    const [loss = NaN, accuracy = NaN, ...own] = figures ? await figures.data() : [];
    const learned = Object.fromEntries(names.map((name, i) => [name, own[i] as number]));
    const further = metrics && outputs && wanted ? await measure(metrics, outputs, wanted) : {};
    return {loss, ...(!Number.isNaN(accuracy) && {accuracy}), ...learned, ...further};
  } finally {
    tf.dispose(results);
  }
}

/** The figures of the evaluations that are due, by the names they have in rows. */
export async function evaluationFigures<P extends Params>(
  model: Layer<P>,
  {params, modelState}: TrainState<P>,
  due: Settings<P>["evaluations"],
  loss: Settings<P>["loss"]
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const {name, data, metrics} of due) {
    const figures = await evaluate(model, params, data, {
      ...(loss && {loss}),
      ...(metrics && {metrics}),
      modelState
    });
    for (const [key, value] of Object.entries(figures)) {
      if (key !== "accuracy" || !Number.isNaN(value)) found[figureName(name, key)] = value;
    }
  }
  return found;
}
