import {ops} from "../../src/ops/index.ts";
import {chance} from "../gpu/chance.ts";
import {median} from "../support/median.ts";

export interface ShrunkTask {
  /** Share of every layer's channels and units that go. */
  sparsity: number;
  batch: number;
  steps: number;
  rounds: number;
}

/** Milliseconds for the outputs of a batch and for a training step, and bytes of the file. */
export type NetworkFigures = {outputs: number; step: number; bytes: number};

/** LeNet-5 without its weakest channels and units, and as it was. */
export async function timeShrunk(task: ShrunkTask): Promise<{shrunk: NetworkFigures; dense: NetworkFigures}> {
  const model = ops.zoo.lenet5();
  const params = model.init(ops.key(0), [28, 28, 1]);
  const scores = await ops.pruning.unitScores(model as never, params, {inputShape: [28, 28, 1]});
  const remove = ops.pruning.leastUnits(scores, {sparsity: task.sparsity});
  const small = await ops.pruning.shrink(model as never, params, null, {inputShape: [28, 28, 1], remove});
  const data = {...chance(512, 784), inputShape: [28, 28, 1]};
  const [outputs, steps]: [number[][], number[][]] = [
    [[], []],
    [[], []]
  ];
  const both = [
    {model: small.model, params: small.params},
    {model, params}
  ];
  for (let round = -1; round < task.rounds; ++round)
    for (const [i, each] of both.entries()) {
      const x = ops.random.normal(ops.key(1), [task.batch, 28, 28, 1]);
      await x.data();
      let start = performance.now();
      const y = each.model.apply(each.params as never, x, {training: false});
      await y.data();
      if (round >= 0) outputs[i]?.push(performance.now() - start);
      ops.tf.dispose([x, y]);
      start = performance.now();
      const options = {params: each.params, steps: task.steps, batchSize: task.batch};
      const training = ops.fit(each.model as never, data, options as never);
      for await (const row of training) void row;
      if (round >= 0) steps[i]?.push((performance.now() - start) / task.steps);
      training.dispose();
    }
  const figures = async (i: number): Promise<NetworkFigures> => ({
    outputs: median(outputs[i] as number[]),
    step: median(steps[i] as number[]),
    bytes: (await ops.encodeWeights(both[i]?.params as never)).length
  });
  return {shrunk: await figures(0), dense: await figures(1)};
}
