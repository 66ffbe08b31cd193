// What tests of rules that need the whole network have in common.

import type {Key} from "../../src/ops/core/key.ts";
import type {Layer, ModelState} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import type {Stored} from "./support.ts";
import {numbers} from "./support.ts";

const {tf, tree, key} = ops;

export type Updates = Record<string, {kernel: Tensor; bias?: Tensor; feedback?: Tensor; head?: Tensor}>;

/** What a step of a network asks its optimizer to do, by child; the caller's. */
export function updatesOf<P extends Params>(
  model: Layer<P>,
  params: P,
  x: Tensor,
  y: Tensor,
  {state, stepKey = key(3)}: {state?: ModelState; stepKey?: Key} = {}
) {
  const updates: Updates = {};
  const states: Record<string, Params> = {};
  const copied = (given: Params) => tree.map((leaf: Tensor) => tf.keep(tf.clone(leaf)), given);
  const learned = model.learning?.learn(params, x, y, {
    training: true,
    key: stepKey,
    state,
    update: (name, grads) => {
      updates[name] = copied(grads) as Updates[string];
    },
    setState: (path, next) => {
      states[path] = copied(next);
    }
  });
  return {updates, states, learned: learned as NonNullable<typeof learned>};
}

/** Numbers stored (out, in), as (in, out). */
export function turned(stored: Stored | undefined): number[] {
  const [rows = 0, columns = 0] = stored?.shape ?? [];
  const given = numbers(stored);
  return Array.from(
    {length: rows * columns},
    (_, i) => given[(i % rows) * columns + Math.floor(i / rows)] as number
  );
}

/** The largest distance between the numbers of two trees. */
export async function distance(a: Params, b: Params): Promise<number> {
  const far = tf.tidy(() =>
    tf.max(
      tf.stack(
        tree.leaves<Tensor>(tree.map((x: Tensor, _, y) => tf.max(tf.abs(tf.sub(x, y as Tensor))), a, b))
      )
    )
  );
  const [value = NaN] = await far.data();
  far.dispose();
  return value;
}
