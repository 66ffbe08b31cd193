import {type Array as JaxArray, lax, nn, numpy as np} from "@jax-js/jax";
import {type JaxDevice, jaxArray, trainJaxJs} from "../../peers/jax-js.ts";
import type {Numbers, Task} from "../../task.ts";
import {task} from "./task.ts";

export async function jaxJs(batch: number, device: JaxDevice) {
  return trainJaxJs(device, await channelsFirst(task(batch)), (of, inputs) => {
    const convolve = (x: JaxArray, name: string, padding: "SAME" | "VALID") => {
      const bias = of(`${name}/bias`).reshape([1, -1, 1, 1]);
      return largest(nn.relu(lax.conv(x, of(`${name}/kernel`), [1, 1], padding).add(bias)));
    };
    const images = convolve(convolve(inputs, "conv2d1", "SAME"), "conv2d2", "VALID");
    return [1, 2, 3].reduce(
      (h, i) => {
        const z = np.matmul(h, of(`dense${i}/kernel`)).add(of(`dense${i}/bias`));
        return i < 3 ? nn.relu(z) : z;
      },
      images.reshape([inputs.shape[0] as number, -1])
    );
  });
}

/** The largest of 2x2. */
function largest(x: JaxArray): JaxArray {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return np.max(x.reshape([batch, channels, height / 2, 2, width / 2, 2]), [3, 5]);
}

/** The same numbers in the order that jax-js convolves: images NCHW, kernels OIHW, and what the first dense layer sees. */
async function channelsFirst({x, params, ...rest}: Task): Promise<Task> {
  const turn = async (numbers: Numbers, from: number[], axes: number[]): Promise<Numbers> => {
    const turned = np.transpose(jaxArray({...numbers, shape: from}), axes);
    return {shape: turned.shape, values: (await turned.data()) as Numbers["values"]};
  };
  const out = {...params};
  for (const name of ["conv2d1/kernel", "conv2d2/kernel"]) {
    const kernel = params[name] as Numbers;
    out[name] = await turn(kernel, kernel.shape, [3, 2, 0, 1]);
  }
  const seen = await turn(params["dense1/kernel"] as Numbers, [5, 5, 16, 120], [2, 0, 1, 3]);
  out["dense1/kernel"] = {...seen, shape: [400, 120]};
  return {...rest, x: await turn(x, x.shape, [0, 3, 1, 2]), params: out};
}
