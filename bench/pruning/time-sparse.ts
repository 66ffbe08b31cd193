import {ops} from "../../src/ops/index.ts";
import type {SparseFormat} from "../../src/ops/pruning/sparse/formats.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {median} from "../support/median.ts";

const {tf} = ops;
const {granularity, prune, sparsify} = ops.pruning;

export interface SparseTask {
  format: SparseFormat;
  sparsity: number;
  /** The layer has as many units as inputs. */
  size: number;
  batch: number;
  rounds: number;
}

/** Milliseconds of the forward pass, and of it with all gradients. */
export interface LayerTimes {
  forward: number;
  both: number;
}

export interface SparseTimings {
  sparse: LayerTimes;
  dense: LayerTimes;
  bytes: {sparse: number; dense: number};
}

/** One linear layer in a format, beside the same layer with zeros in a dense kernel, in turns. */
export async function timeSparse({
  format,
  sparsity,
  size,
  batch,
  rounds
}: SparseTask): Promise<SparseTimings> {
  const layer = ops.dense({units: size, activation: "relu"});
  const params = layer.init(ops.key(0), [size]);
  const m = Math.round(1 / (1 - sparsity));
  const shape = {
    nm: {granularity: granularity.nByM(m > 2 ? 1 : 2, m > 2 ? m : 4)},
    block: {sparsity, granularity: granularity.block([8, 8])},
    bits: {sparsity},
    csr: {sparsity}
  };
  const masks = await prune(params, shape[format]);
  const pattern = m > 2 ? {n: 1, m} : {};
  const sparse = await sparsify(layer as never, params, masks, {format, inputShape: [size], ...pattern});
  const zeroed = ops.pruning.applyMasks(params, masks);
  const x = ops.random.normal(ops.key(1), [batch, size]);
  const run = async (work: () => ReturnType<typeof tf.sum>) => {
    const start = performance.now();
    const out = tf.tidy(work);
    await out.data();
    out.dispose();
    return performance.now() - start;
  };
  type Model = {apply(params: never, x: Tensor): Tensor};
  const forward = (model: Model, at: object) => () => tf.sum(model.apply(at as never, x));
  const both = (model: Model, at: object) => () => {
    const loss = ({params: own, x: input}: {params: object; x: Tensor}) =>
      tf.sum(model.apply(own as never, input));
    const grads = ops.grad(loss as never)({params: at, x} as never) as never;
    return tf.addN(ops.tree.leaves(grads).map((leaf) => tf.sum(leaf as Tensor)));
  };
  const works = [
    forward(sparse.model as never, sparse.params as object),
    forward(layer as never, zeroed),
    both(sparse.model as never, sparse.params as object),
    both(layer as never, zeroed)
  ];
  const times: number[][] = works.map(() => []);
  for (let round = -2; round < rounds; ++round)
    for (const [i, work] of works.entries()) {
      const time = await run(work as never);
      if (round >= 0) times[i]?.push(time);
    }
  const [a, b, c, d] = times.map(median) as [number, number, number, number];
  const bytes = {sparse: await sparse.bytes(), dense: 4 * (size * size + size)};
  sparse.dispose();
  ops.tree.dispose([params, masks, sparse.params, zeroed, x] as never);
  return {sparse: {forward: a, both: c}, dense: {forward: b, both: d}, bytes};
}
