import type {Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";

interface HeapBackend {
  makeOutput(shape: number[], dtype: string): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Values;
}

/** Sums of the rows with the same number, which tfjs's wasm backend lacks: without it `gather` has no gradient there. */
tf.registerKernel({
  kernelName: "UnsortedSegmentSum",
  backendName: "wasm",
  kernelFunc({inputs, attrs, backend}) {
    const {x, segmentIds} = inputs as {x: tf.TensorInfo; segmentIds: tf.TensorInfo};
    const {numSegments} = attrs as unknown as {numSegments: number};
    const heap = backend as unknown as HeapBackend;
    const rest = x.shape.slice(segmentIds.shape.length);
    const out = heap.makeOutput([numSegments, ...rest], x.dtype);
    const width = rest.reduce((product, dim) => product * dim, 1);
    const [from, ids, to] = [x, segmentIds, out].map((info) => heap.typedArrayFromHeap(info)) as [
      Values,
      Values,
      Values
    ];
    to.fill(0);
    ids.forEach((id, row) => {
      if (id < 0 || id >= numSegments) return;
      for (let i = 0; i < width; ++i) {
        const at = id * width + i;
        to[at] = (to[at] as number) + (from[row * width + i] as number);
      }
    });
    return out;
  }
});
