import {
  blockUntilReady,
  defaultDevice,
  init,
  type Array as JaxArray,
  jit,
  nn,
  numpy as np,
  valueAndGrad
} from "@jax-js/jax";
import {type JaxDevice, jaxArray} from "../steps/peers/jax-js.ts";
import {type KanContender, type KanTask, knotsOf, numbersOf} from "./task.ts";

/** jax-js with the whole network under one jit: all bases by the recursion of Cox and de Boor, then a product. */
export async function jaxJs(task: KanTask, device: JaxDevice): Promise<KanContender> {
  await init(device);
  defaultDevice(device);
  const {x, layers} = numbersOf(task);
  const {order, intervals, batch} = task;
  const knots = knotsOf(task);
  const step = (knots[1] as number) - (knots[0] as number);
  const part = (start: number, count: number) => np.array(knots.slice(start, start + count));
  const basesOf = (h: JaxArray, inputs: number): JaxArray => {
    const at = h.reshape([batch, inputs, 1]);
    let count = intervals + 2 * order;
    const isAbove = at.ref.greaterEqual(part(0, count)).astype(np.float32);
    let bases = isAbove.mul(at.ref.less(part(1, count)).astype(np.float32));
    for (let degree = 1; degree <= order; ++degree) {
      --count;
      const rising = at.ref.sub(part(0, count)).mul(1 / (degree * step));
      const falling = part(degree + 1, count)
        .sub(at.ref)
        .mul(1 / (degree * step));
      const left = bases.ref.slice([], [], [0, count]);
      bases = rising.mul(left).add(falling.mul(bases.slice([], [], [1, count + 1])));
    }
    at.dispose();
    return bases;
  };
  const lossOf = (parameters: JaxArray[], inputs: JaxArray): JaxArray => {
    let h = inputs;
    for (let i = 0; i < parameters.length; i += 2) {
      const coefficients = parameters[i] as JaxArray;
      const [own = 0, bases = 0, outputs = 0] = coefficients.shape;
      const flat = basesOf(h.ref, own).reshape([batch, own * bases]);
      const splines = np.matmul(flat, coefficients.reshape([own * bases, outputs]));
      h = splines.add(np.matmul(nn.silu(h), parameters[i + 1] as JaxArray));
    }
    return np.square(h).mean();
  };
  const parameters = layers.flatMap(({coefficients, baseWeights}) => [
    jaxArray(coefficients),
    jaxArray(baseWeights)
  ]);
  const inputs = jaxArray(x);
  const refs = () => parameters.map((each) => each.ref);
  const [forward, both] = [jit(lossOf), jit(valueAndGrad(lossOf))];
  const read = async (loss: JaxArray) => (await loss.data())[0] as number;
  return {
    forward: () => read(forward(refs(), inputs.ref) as JaxArray),
    async both() {
      const [loss, grads] = both(refs(), inputs.ref) as unknown as [JaxArray, JaxArray[]];
      await blockUntilReady(grads);
      for (const grad of grads) grad.dispose();
      return read(loss);
    }
  };
}
