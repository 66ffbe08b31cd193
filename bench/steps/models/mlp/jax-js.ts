import {nn, numpy as np} from "@jax-js/jax";
import {type JaxDevice, trainJaxJs} from "../../peers/jax-js.ts";
import {SIZES, task} from "./task.ts";

export const jaxJs = (batch: number, device: JaxDevice) =>
  trainJaxJs(device, task(batch), (of, inputs) =>
    SIZES.slice(1).reduce((h, _units, i) => {
      const z = np.matmul(h, of(`dense${i + 1}/kernel`)).add(of(`dense${i + 1}/bias`));
      return i < SIZES.length - 2 ? nn.relu(z) : z;
    }, inputs)
  );
