import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {crossEntropyCases} from "../ops/cross-entropy-kernel-cases.ts";
import {randomNumbers} from "../ops/float64.ts";
import {use, withoutLeak} from "../ops/support.ts";
import {countDispatches} from "./support/dispatch-count.ts";

const {tf} = ops;

crossEntropyCases("webgpu");

describe("dispatches of softmax cross-entropy", () => {
  beforeAll(() => use("webgpu"));

  /** Of the value and the gradient, by kernel. */
  async function dispatchesOf(
    rows: number,
    classes: number,
    change: (loss: Tensor) => Tensor
  ): Promise<object> {
    const logits = tf.tensor2d(randomNumbers(1, rows * classes), [rows, classes]);
    const labels = tf.tensor1d(new Int32Array(rows), "int32");
    const step = ops.valueAndGrad((at: Tensor) => change(ops.softmaxCrossEntropy(at, labels)));
    return Object.fromEntries(await countDispatches(() => void step(logits)));
  }

  test(
    "one for a batch, with its gradient; two where several workgroups make the sum",
    withoutLeak(async () => {
      expect(await dispatchesOf(128, 10, (loss) => loss)).toEqual({PetriCrossEntropyParts: 1});
      expect(await dispatchesOf(600, 65, (loss) => loss)).toEqual({
        PetriCrossEntropyParts: 1,
        PetriSumOfParts: 1
      });
    })
  );

  test(
    "one more back where the loss is a part of another",
    withoutLeak(async () => {
      expect(await dispatchesOf(128, 10, (loss) => tf.mul(loss, 2))).toMatchObject({
        PetriCrossEntropyParts: 1,
        PetriSoftmaxCrossEntropyGrad: 1
      });
    })
  );
});
