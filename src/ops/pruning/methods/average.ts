import {batchRows, takeRows} from "../../core/batches.ts";
import type {Key} from "../../core/key.ts";
import {initState, type Layer, type ModelState} from "../../core/layer.ts";
import {dispose, map, type Params} from "../../core/tree.ts";
import {type Dataset, rowCount} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/** The mean of parameters of one structure. The caller owns it. */
export function meanParams<P extends Params>(trees: readonly P[]): P {
  const [first, ...others] = trees as [P, ...P[]];
  const mean = (leaf: Tensor, _path: string, ...rest: Tensor[]) =>
    tf.div(tf.addN([leaf, ...rest]), trees.length);
  return tidy(() => map(mean, first as Params, ...others) as P);
}

/**
 * What layers keep besides parameters, gathered anew for parameters that no training made (batch norms' statistics of averaged
 * weights): one pass over the data in training mode. The caller owns it.
 */
export function refreshedState<P extends Params>(
  model: Layer<P>,
  params: P,
  data: Dataset,
  {batchSize = 128, key}: {batchSize?: number; key: Key}
): ModelState {
  let state: ModelState = tidy(() => initState(model as Layer, data.inputShape));
  if (Object.keys(state).length === 0) return state;
  let index = 0;
  for (const rows of batchRows(rowCount(data), batchSize, key)) {
    const before = state;
    state = tidy(() => {
      const next: Record<string, Params> = {...before};
      const setState = (path: string, own: Params) => {
        next[path] = own;
      };
      const noise = key.fold(++index);
      model.apply(params, takeRows(data, rows).x, {training: true, key: noise, state: before, setState});
      return next;
    });
    dispose(before as Params, state as Params);
  }
  return state;
}
