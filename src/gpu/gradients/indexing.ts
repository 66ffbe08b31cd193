// Gradients of operations that pick and place elements: each is the other.
import * as tf from "../tfjs.ts";
import {noGradient, registerGradient} from "./register.ts";

type Saved = tf.Tensor;

registerGradient({
  kernelName: "GatherNd",
  save: ["params", "indices"],
  grads: ([dy], [params, indices]) => ({
    params: () => scattered(indices as Saved, dy as Saved, (params as Saved).shape),
    indices: () => noGradient(indices as Saved)
  })
});

registerGradient({
  kernelName: "ScatterNd",
  save: ["indices"],
  grads: ([dy], [indices]) => ({
    updates: () => tf.gatherND(dy as Saved, indices as Saved),
    indices: () => noGradient(indices as Saved)
  })
});

registerGradient<{k: number}>({
  kernelName: "TopK",
  save: ["x"],
  saveOutputs: [false, true],
  grads: ([dy], [x, indices]) => ({
    x: () => {
      const {shape} = x as Saved;
      const width = shape.at(-1) ?? 1;
      const perRow = (indices as Saved).shape.at(-1) ?? 1;
      const rows = perRow === 0 ? 0 : (indices as Saved).size / perRow;
      const starts = tf.mul(tf.range(0, rows, 1, "int32"), tf.scalar(width, "int32"));
      const flat = tf.add(tf.reshape(indices as Saved, [rows, perRow]), tf.expandDims(starts, 1));
      return placed(flat, dy as Saved, shape);
    }
  })
});

interface StridedSliceAttrs {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

registerGradient<StridedSliceAttrs>({
  kernelName: "StridedSlice",
  save: ["x"],
  grads: ([dy], [x], attrs) => ({
    x: () => {
      const {shape} = x as Saved;
      const places = tf.tensor1d(placesTaken(shape, attrs), "int32");
      return placed(places, dy as Saved, shape);
    }
  })
});

/** The numbers of the elements that a strided slice takes, in its order. */
function placesTaken(shape: number[], attrs: StridedSliceAttrs): Int32Array {
  const {beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask} = attrs;
  const {begin, end, strides} = tf.slice_util.sliceInfo(
    shape,
    attrs.begin,
    attrs.end,
    attrs.strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask
  );
  let places = [0];
  tf.slice_util.computeOutShape(begin, end, strides).forEach((count, axis) => {
    const along = Array.from(
      {length: count},
      (_, i) => (begin[axis] as number) + i * (strides[axis] as number)
    );
    places = places.flatMap((place) => along.map((at) => place * (shape[axis] as number) + at));
  });
  return Int32Array.from(places);
}

registerGradient<{blockSize: number; dataFormat: string}>({
  kernelName: "DepthToSpace",
  grads: ([dy], _saved, {blockSize, dataFormat}) => ({
    x: () => {
      const last = dataFormat === "NHWC" ? [0, 1, 2, 3] : [0, 2, 3, 1];
      const back = dataFormat === "NHWC" ? [0, 1, 2, 3] : [0, 3, 1, 2];
      const [batch = 0, height = 0, width = 0, depth = 0] = last.map((axis) => (dy as Saved).shape[axis]);
      const [rows, columns] = [height / blockSize, width / blockSize];
      const blocks = tf.reshape(tf.transpose(dy as Saved, last), [
        batch,
        rows,
        blockSize,
        columns,
        blockSize * depth
      ]);
      const turned = tf.transpose(blocks, [0, 1, 3, 2, 4]);
      return tf.transpose(tf.reshape(turned, [batch, rows, columns, blockSize * blockSize * depth]), back);
    }
  })
});

/** Zeros of a shape with `values` at the places `flat`, numbers of elements. */
function placed(flat: tf.Tensor, values: tf.Tensor, shape: number[]): tf.Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const sum = scattered(tf.reshape(flat, [-1, 1]), tf.reshape(values, [-1]), [size]);
  return tf.reshape(sum, shape);
}

function scattered(indices: tf.Tensor, updates: tf.Tensor, shape: number[]): tf.Tensor {
  return tf.scatterND(indices, updates, shape as tf.ShapeMap[tf.Rank.R4]);
}
