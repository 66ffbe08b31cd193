import {defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad} from "@jax-js/jax";
import {BATCH, type Contender, LEARNING_RATE, SIZES, type Task} from "./task.ts";

/** jax-js with the whole step under jit. */
export async function jaxJs({x, labels, kernels}: Task, device: "wasm" | "webgpu"): Promise<Contender> {
  await init(device);
  defaultDevice(device);
  const inputs = np.array(x as Float32Array<ArrayBuffer>).reshape([BATCH, SIZES[0]]);
  const hot = new Float32Array(BATCH * 10);
  labels.forEach((label, row) => {
    hot[row * 10 + label] = 1;
  });
  const targets = np.array(hot).reshape([BATCH, 10]);
  let params: JaxArray[] = kernels.flatMap((kernel, i) => [
    np.array(kernel as Float32Array<ArrayBuffer>).reshape([SIZES[i] as number, SIZES[i + 1] as number]),
    np.zeros([SIZES[i + 1] as number])
  ]);
  const lossOf = (p: JaxArray[], at: JaxArray, wanted: JaxArray): JaxArray => {
    const [w1, b1, w2, b2, w3, b3] = p as [JaxArray, JaxArray, JaxArray, JaxArray, JaxArray, JaxArray];
    const h1 = nn.relu(np.matmul(at, w1).add(b1));
    const h2 = nn.relu(np.matmul(h1, w2).add(b2));
    const logits = np.matmul(h2, w3).add(b3);
    return nn
      .logSoftmax(logits)
      .mul(wanted)
      .sum()
      .mul(-1 / BATCH);
  };
  const step = jit((p: JaxArray[], at: JaxArray, wanted: JaxArray) => {
    const [value, grads] = valueAndGrad(lossOf)(
      p.map((each) => each.ref),
      at,
      wanted
    );
    const next = p.map((each, i) => each.sub((grads as JaxArray[])[i]?.mul(LEARNING_RATE) as JaxArray));
    return [value, ...next];
  });
  let loss: JaxArray | undefined;
  return {
    step() {
      loss?.dispose();
      const [value, ...next] = step(params, inputs.ref, targets.ref) as JaxArray[];
      loss = value;
      params = next;
    },
    sync: async () => (await (loss as JaxArray).ref.data())[0] as number
  };
}
