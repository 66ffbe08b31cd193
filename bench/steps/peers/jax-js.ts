import {defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad} from "@jax-js/jax";
import {ADAM, type Contender, type Numbers, type Task} from "../task.ts";

/** Devices that it has in common with us. */
export type JaxDevice = "wasm" | "webgpu";

/** Hands out a parameter by its path, once: jax-js counts references. */
export type Params = (path: string) => JaxArray;

export const jaxArray = ({values, shape}: Numbers) => np.array(values).reshape(shape);

/** jax-js with the whole step, Adam included, under one jit. */
export async function trainJaxJs(
  device: JaxDevice,
  {x, labels, classes, params}: Task,
  logitsOf: (params: Params, inputs: JaxArray) => JaxArray
): Promise<Contender> {
  await init(device);
  defaultDevice(device);
  const paths = Object.keys(params);
  const arraysOf = (from: (path: string) => JaxArray) => paths.map(from);
  const inputs = jaxArray(x);
  const targets = nn.oneHot(np.array(labels, {dtype: np.int32}), classes);
  const lossOf = (p: JaxArray[], at: JaxArray, wanted: JaxArray): JaxArray => {
    const logits = logitsOf((path) => p[paths.indexOf(path)] as JaxArray, at);
    return nn
      .logSoftmax(logits)
      .mul(wanted)
      .sum()
      .mul(-1 / labels.length);
  };
  const step = jit(
    (p: JaxArray[], m: JaxArray[], v: JaxArray[], powers: JaxArray[], at: JaxArray, y: JaxArray) => {
      const [value, grads] = valueAndGrad(lossOf)(
        p.map((each) => each.ref),
        at,
        y
      );
      const [power1, power2] = powers as [JaxArray, JaxArray];
      const next1 = power1.mul(ADAM.beta1);
      const next2 = power2.mul(ADAM.beta2);
      const rate = np.array(ADAM.learningRate).div(np.array(1).sub(next1.ref));
      const unbias = np.array(1).div(np.array(1).sub(next2.ref));
      const [nextP, nextM, nextV]: JaxArray[][] = [[], [], []];
      p.forEach((param, i) => {
        const g = (grads as JaxArray[])[i] as JaxArray;
        const mean = (m[i] as JaxArray).mul(ADAM.beta1).add(g.ref.mul(1 - ADAM.beta1));
        const square = (v[i] as JaxArray).mul(ADAM.beta2).add(np.square(g).mul(1 - ADAM.beta2));
        const root = np.sqrt(square.ref.mul(unbias.ref)).add(ADAM.eps);
        nextP.push(param.sub(mean.ref.mul(rate.ref).div(root)));
        nextM.push(mean);
        nextV.push(square);
      });
      rate.dispose();
      unbias.dispose();
      return {value, p: nextP, m: nextM, v: nextV, powers: [next1, next2]};
    }
  );
  let state = {
    p: arraysOf((path) => jaxArray(params[path] as Numbers)),
    m: arraysOf((path) => np.zeros((params[path] as Numbers).shape)),
    v: arraysOf((path) => np.zeros((params[path] as Numbers).shape)),
    powers: [np.array(1), np.array(1)]
  };
  let loss: JaxArray | undefined;
  return {
    step() {
      loss?.dispose();
      const {value, ...next} = step(state.p, state.m, state.v, state.powers, inputs.ref, targets.ref);
      loss = value as JaxArray;
      state = next as typeof state;
    },
    sync: async () => (await (loss as JaxArray).ref.data())[0] as number
  };
}
