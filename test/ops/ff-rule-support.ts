import type {Layer, Learned, Learning} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {LocalParams} from "../../src/ops/forward-forward/local-network.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {numbers, type Stored} from "./support.ts";

const {initState, key, tf, tree} = ops;

/** One step of a network that learns by a rule, without an optimizer: what it asks for, by child, and the states it leaves; kept until they are disposed. */
export function learnOnce(
  model: Layer<LocalParams>,
  params: Params,
  x: Tensor,
  y: Tensor,
  {seed = 3, from}: {seed?: number; from?: Record<string, Record<string, Tensor>>} = {}
): {updates: Record<string, Params>; learned: Learned; state: Record<string, Record<string, Tensor>>} {
  const updates: Record<string, Params> = {};
  const shape = x.shape.slice(1);
  const begun =
    from ?? (initState(model as never, shape, key(seed)) as Record<string, Record<string, Tensor>>);
  const state = {...begun};
  const learned = (model.learning as unknown as Learning).learn(params, x, y, {
    training: true,
    key: key(seed),
    state,
    setState: (path, next) => {
      state[path] = tree.map((leaf: Tensor) => tf.keep(tf.clone(leaf)), next) as Record<string, Tensor>;
    },
    update: (name, grads) => {
      updates[name] = tree.map((grad: Tensor) => tf.keep(tf.clone(grad)), grads);
    }
  });
  return {updates, learned, state};
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
