// What the tests of methods share: digits, and trainings that end.
import type {FitOptions} from "../../../src/ops/core/fit-options.ts";
import type {Layer} from "../../../src/ops/core/layer.ts";
import type {TrainState} from "../../../src/ops/core/train-step.ts";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";

export const valuesOf = async (leaf: Tensor | undefined) => Array.from(await (leaf as Tensor).data());
export const countOf = (numbers: readonly number[], wanted = (value: number) => value !== 0) =>
  numbers.filter(wanted).length;

/** Bundled digits, split. */
export async function digitsSplit() {
  datasetsFromDisk();
  return ops.datasets.split(await ops.datasets.digits(), {test: 0.25, seed: 1});
}

/** Trains on digits and calls `look` with the last state, before it is freed. */
export async function trainOnDigits<P extends Params, T>(
  model: Layer<P>,
  options: FitOptions<P>,
  look: (state: TrainState<P>) => Promise<T>
): Promise<T & {accuracy: number}> {
  const {train, test} = await digitsSplit();
  const training = ops.fit(model, train, {test, evaluateEvery: 1e6, key: ops.key(1), ...options});
  try {
    let accuracy = 0;
    for await (const row of training) accuracy = row.testAccuracy ?? accuracy;
    return {...(await look(training.state)), accuracy};
  } finally {
    training.dispose();
  }
}
