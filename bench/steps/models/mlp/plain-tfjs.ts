import {ops} from "../../../../src/ops/index.ts";
import {trainPlainTfjs} from "../../peers/plain-tfjs.ts";
import {SIZES, task} from "./task.ts";

const {tf} = ops;

export const plainTfjs = (batch: number) =>
  trainPlainTfjs(task(batch), (of, inputs) =>
    SIZES.slice(1).reduce((h, _units, i) => {
      const z = tf.add(tf.matMul(h, of(`dense${i + 1}/kernel`)), of(`dense${i + 1}/bias`));
      return i < SIZES.length - 2 ? tf.relu(z) : z;
    }, inputs)
  );
