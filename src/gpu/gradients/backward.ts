// Gradients of tfjs's own backward kernels, for a gradient of the gradient. A backward kernel is linear in dy, and its
// transpose is the forward operation; where it depends on more, the pieces are other backward kernels.
import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {noGradient, registerGradient} from "./register.ts";

type Saved = tf.Tensor;

/** One output of a kernel. */
const run = (name: string, inputs: Record<string, Saved>, attrs: object) =>
  runKernel(name, inputs, attrs)[0] as Saved;

registerGradient({
  kernelName: "EluGrad",
  save: ["dy", "y"],
  grads: ([upstream], [dy, y]) => ({
    dy: () => run("EluGrad", {dy: upstream as Saved, y: y as Saved}, {}),
    y: () => tf.mul(tf.mul(upstream as Saved, dy as Saved), tf.cast(tf.less(y as Saved, 0), "float32"))
  })
});

registerGradient<object>({
  kernelName: "AvgPoolGrad",
  save: ["input"],
  grads: ([upstream], [input], attrs) => ({
    dy: () => run("AvgPool", {x: upstream as Saved}, attrs),
    input: () => noGradient(input as Saved)
  })
});

interface PoolAttrs {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: number | "valid" | "same";
}

registerGradient<PoolAttrs>({
  kernelName: "MaxPoolGrad",
  save: ["input", "output"],
  grads: ([upstream], [input, output], {filterSize, strides, pad}) => ({
    // What stands where each window has its maximum.
    dy: () => {
      const {indexes} = tf.maxPoolWithArgmax(input as tf.Tensor4D, filterSize, strides, pad, true) as {
        indexes: Saved;
      };
      const flat = tf.gather(
        tf.reshape(upstream as Saved, [-1]),
        tf.reshape(tf.cast(indexes, "int32"), [-1])
      );
      return tf.reshape(flat, indexes.shape);
    },
    input: () => noGradient(input as Saved),
    output: () => noGradient(output as Saved)
  })
});

registerGradient<object>({
  kernelName: "Conv2DBackpropFilter",
  save: ["x", "dy"],
  grads: ([upstream], [x, dy], attrs) => ({
    dy: () => run("Conv2D", {x: x as Saved, filter: upstream as Saved}, {dilations: [1, 1], ...attrs}),
    x: () => {
      const inputs = {dy: dy as Saved, filter: upstream as Saved};
      return run("Conv2DBackpropInput", inputs, {...attrs, inputShape: (x as Saved).shape});
    }
  })
});

registerGradient<object>({
  kernelName: "DepthwiseConv2dNativeBackpropFilter",
  save: ["x", "dy"],
  grads: ([upstream], [x, dy], attrs) => ({
    dy: () => run("DepthwiseConv2dNative", {x: x as Saved, filter: upstream as Saved}, attrs),
    x: () => {
      const inputs = {dy: dy as Saved, filter: upstream as Saved};
      return run("DepthwiseConv2dNativeBackpropInput", inputs, {...attrs, inputShape: (x as Saved).shape});
    }
  })
});

registerGradient<object>({
  kernelName: "DepthwiseConv2dNativeBackpropInput",
  save: ["dy", "filter"],
  grads: ([upstream], [dy, filter], attrs) => ({
    dy: () => run("DepthwiseConv2dNative", {x: upstream as Saved, filter: filter as Saved}, attrs),
    filter: () => {
      const inputs = {x: upstream as Saved, dy: dy as Saved};
      return run("DepthwiseConv2dNativeBackpropFilter", inputs, {
        ...attrs,
        filterShape: (filter as Saved).shape
      });
    }
  })
});

for (const kind of ["ResizeBilinear", "ResizeNearestNeighbor"]) {
  registerGradient<object>({
    kernelName: `${kind}Grad`,
    save: ["images", "dy"],
    grads: ([upstream], [images, dy], attrs) => ({
      dy: () =>
        run(
          kind,
          {images: upstream as Saved},
          {halfPixelCenters: false, ...attrs, size: (dy as Saved).shape.slice(1, 3)}
        ),
      images: () => noGradient(images as Saved)
    })
  });
}
