import {ops} from "../../../../src/ops/index.ts";
import {trainPlainTfjs, type Variables} from "../../peers/plain-tfjs.ts";
import {task} from "./task.ts";

const {tf} = ops;
type Tensor = ReturnType<typeof tf.tensor>;
type Tensor4D = ReturnType<typeof tf.tensor4d>;

export const plainTfjs = (batch: number) => {
  // tfjs's wasm backend has gradients of neither convolutions by their kernel nor of pooling.
  const [convolve, pool] =
    tf.getBackend() === "wasm"
      ? [convolution, largest]
      : [tf.conv2d, (x: Tensor4D) => tf.maxPool(x, 2, 2, "valid")];
  return trainPlainTfjs(task(batch), (of, inputs) => {
    const bias = (x: Tensor, name: string) => tf.relu(tf.add(x, of(`${name}/bias`))) as Tensor4D;
    const kernel = (name: string) => of(`${name}/kernel`) as Tensor4D;
    const first = pool(bias(convolve(inputs as Tensor4D, kernel("conv2d1"), 1, "same"), "conv2d1"));
    const second = pool(bias(convolve(first, kernel("conv2d2"), 1, "valid"), "conv2d2"));
    return dense(of, tf.reshape(second, [inputs.shape[0] as number, -1]));
  });
};

function dense(of: Variables, x: Tensor): Tensor {
  return [1, 2, 3].reduce((h, i) => {
    const z = tf.add(tf.matMul(h, of(`dense${i}/kernel`)), of(`dense${i}/bias`));
    return i < 3 ? tf.relu(z) : z;
  }, x);
}

/**
 * A convolution with a gradient that wasm can compute: that of the kernel is itself a convolution, of the images with batch and
 * channels exchanged by dy, which is the fastest of what can be written.
 */
function convolution(x: Tensor4D, kernel: Tensor4D, strides: number, pad: "same" | "valid"): Tensor4D {
  const [rows, columns] = kernel.shape;
  return tf.customGrad((images, weights, save) => {
    (save as (tensors: Tensor[]) => void)([images as Tensor, weights as Tensor]);
    return {
      value: tf.conv2d(images as Tensor4D, weights as Tensor4D, strides, pad),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [at, w] = saved as [Tensor4D, Tensor4D];
        const before = (size: number) => (pad === "same" ? Math.floor((size - 1) / 2) : 0);
        const after = (size: number) => (pad === "same" ? size - 1 - before(size) : 0);
        const padded = tf.pad(at, [
          [0, 0],
          [before(rows), after(rows)],
          [before(columns), after(columns)],
          [0, 0]
        ]);
        const across = tf.conv2d(
          tf.transpose(padded, [3, 1, 2, 0]) as Tensor4D,
          tf.transpose(dy, [1, 2, 0, 3]) as Tensor4D,
          1,
          "valid"
        );
        const gradients = [
          tf.conv2dTranspose(dy as Tensor4D, w, at.shape, strides, pad),
          tf.transpose(across, [1, 2, 0, 3])
        ];
        return gradients as never;
      }
    } as never;
  })(x, kernel) as Tensor4D;
}

/** The largest of 2x2 by comparing halves: rows, then columns. */
function largest(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.split(tf.reshape(x, [(batch * height) / 2, 2, width * channels]), 2, 1) as [Tensor, Tensor];
  const halves = tf.reshape(tf.maximum(...rows), [(batch * height * width) / 4, 2, channels]);
  const columns = tf.split(halves, 2, 1) as [Tensor, Tensor];
  return tf.reshape(tf.maximum(...columns), [batch, height / 2, width / 2, channels]);
}
