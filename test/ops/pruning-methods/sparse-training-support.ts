// What the tests of sparse trainings share.
import {expect} from "vitest";
import type {Optimizer} from "../../../src/ops/core/optimizers/optimizer.ts";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import type {SparseState} from "../../../src/ops/pruning/updaters/sparse-state.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";

export const values = async (leaf: Tensor | undefined) => Array.from(await (leaf as Tensor).data());
export const ones = (bits: readonly number[]) => bits.filter((bit) => bit === 1).length;

/** The updater's state at a step, with masks given. */
export function stateAt(
  optimizer: Optimizer,
  params: {w: Tensor},
  {step, mask, latent}: {step: number; mask?: Tensor; latent?: Record<string, Tensor>}
): SparseState {
  const fresh = optimizer.init(params) as SparseState;
  return {
    ...fresh,
    maskStep: step,
    ...(mask && {masks: {w: mask}, explored: {w: mask}}),
    ...(latent && {latent})
  };
}

/** One step of an optimizer for {w}: weights and state after it. */
export function stepped(optimizer: Optimizer, grad: Tensor, state: SparseState, params: {w: Tensor}) {
  const next = ops.stepOptimizer(optimizer, {w: grad}, state, params);
  return {w: next.params.w, state: next.state as SparseState};
}

/** Trains on the bundled digits; every weight that a mask prunes is zero in the end. */
export async function trainedOnDigits(
  optimizer: Optimizer,
  {steps = 150, params}: {steps?: number; params?: Params} = {}
) {
  datasetsFromDisk();
  const {train, test} = ops.datasets.split(await ops.datasets.digits(), {test: 0.25, seed: 1});
  const training = ops.fit(ops.mlp([64, 48, 48, 10]), train, {
    steps,
    test,
    optimizer,
    ...(params && {params: params as never}),
    key: ops.key(1)
  });
  let accuracy = 0;
  for await (const row of training) accuracy = row.testAccuracy ?? accuracy;
  const {masks} = training.state.optimizerState as SparseState;
  for (const {path, leaf} of ops.tree.entries<Tensor>(training.params)) {
    const mask = masks?.[path] && (await values(masks[path]));
    if (!mask) continue;
    for (const [i, w] of (await values(leaf)).entries()) if (mask[i] === 0) expect(Math.abs(w)).toBe(0);
  }
  const statistics = masks ? await ops.pruning.layerStatistics(training.state.optimizerState) : [];
  const sparsity = await ops.pruning.sparsityOf(training.params);
  training.dispose();
  return {accuracy, sparsity, statistics};
}
