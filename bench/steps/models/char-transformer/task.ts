import {constant, generator, glorot, type Numbers, type Task} from "../../task.ts";

/** The zoo's character transformer, for 65 characters in windows of 32: 210,240 parameters. */
export const SIZES = {vocabulary: 65, features: 64, heads: 4, layers: 4, time: 32} as const;

export function task(batch: number): Task {
  const {vocabulary, features, layers, time} = SIZES;
  const random = generator(3);
  const params: Record<string, Numbers> = {};
  const kernel = (path: string, shape: number[]) => {
    params[`${path}/kernel`] = random.uniform(shape, glorot(shape));
  };
  const dense = (path: string, shape: number[]) => {
    kernel(path, shape);
    params[`${path}/bias`] = constant(shape.slice(-1), 0);
  };
  const norm = (path: string) => {
    params[`${path}/scale`] = constant([features], 1);
    params[`${path}/bias`] = constant([features], 0);
  };
  params["embedding1/table"] = random.uniform([vocabulary, features], 0.04);
  params["learnedPositions1/table"] = random.uniform([time, features], 0.04);
  for (let layer = 0; layer < layers; ++layer) {
    const [attention, feedForward] = blockPaths(layer);
    norm(`${attention}/layerNorm1`);
    for (const name of ["query", "key", "value", "out"]) {
      dense(`${attention}/multiHeadAttention1/${name}`, [features, features]);
    }
    norm(`${feedForward}/layerNorm1`);
    dense(`${feedForward}/dense1`, [features, 4 * features]);
    dense(`${feedForward}/dense2`, [4 * features, features]);
  }
  norm("layerNorm1");
  kernel("dense1", [features, vocabulary]);
  const x = random.whole(batch * time, vocabulary);
  return {
    x: {shape: [batch, time], values: Float32Array.from(x)},
    labels: random.whole(batch * time, vocabulary),
    classes: vocabulary,
    params
  };
}

/** Where the two parts of a block have their parameters. */
export const blockPaths = (layer: number) =>
  [`residual${2 * layer + 1}/body`, `residual${2 * layer + 2}/body`] as const;
