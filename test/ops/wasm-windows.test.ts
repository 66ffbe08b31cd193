import {beforeAll, describe, expect, test} from "vitest";
import {maxPool} from "../../src/gpu/kernels/max-pool.ts";
import {foldPatches, patches} from "../../src/gpu/kernels/patches.ts";
import type {Window2d} from "../../src/gpu/kernels/window.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {randomNumbers} from "./float64.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const plain = {rows: 2, columns: 2, strideY: 1, strideX: 1, dilationY: 1, dilationX: 1, top: 0, left: 0};

/** Whole windows inside, windows over the edges, holes, strides, one channel and several. */
const WINDOWS: [string, Window2d][] = [
  ["inside", {...plain, height: 5, width: 6, channels: 3, outHeight: 4, outWidth: 5}],
  [
    "over the edges",
    {
      ...plain,
      rows: 3,
      columns: 5,
      top: 1,
      left: 2,
      height: 4,
      width: 7,
      channels: 1,
      outHeight: 4,
      outWidth: 7
    }
  ],
  [
    "with holes",
    {...plain, dilationY: 2, dilationX: 3, height: 5, width: 7, channels: 5, outHeight: 3, outWidth: 4}
  ],
  [
    "in strides",
    {
      ...plain,
      strideY: 2,
      strideX: 3,
      top: 1,
      left: 1,
      height: 5,
      width: 8,
      channels: 2,
      outHeight: 3,
      outWidth: 3
    }
  ]
];

/** For each number of each window: where it lies in the images, -1 outside; from the definition. */
function places(window: Window2d, batch: number): number[] {
  const {height, width, channels, strideY, strideX, dilationY, dilationX, top, left} = window;
  const found: number[] = [];
  const range = (count: number) => Array.from({length: count}, (_, i) => i);
  for (const n of range(batch))
    for (const oy of range(window.outHeight))
      for (const ox of range(window.outWidth))
        for (const ky of range(window.rows))
          for (const kx of range(window.columns))
            for (const c of range(channels)) {
              const [y, x] = [oy * strideY + ky * dilationY - top, ox * strideX + kx * dilationX - left];
              const isInside = y >= 0 && y < height && x >= 0 && x < width;
              found.push(isInside ? ((n * height + y) * width + x) * channels + c : -1);
            }
  return found;
}

describe.each(WINDOWS)("windows on wasm, %s", (_name, window) => {
  const batch = 2;
  const shape = [batch, window.height, window.width, window.channels];
  const values = randomNumbers(
    5,
    shape.reduce((size, dim) => size * dim, 1)
  );
  const at = places(window, batch);

  beforeAll(() => use("wasm"));

  test(
    "patches and their transpose",
    withoutLeak(async () => {
      const seen = patches(tf.tensor(values, shape), window);
      await expectClose(
        seen,
        at.map((place) => (place < 0 ? 0 : (values[place] as number)))
      );
      const dy = randomNumbers(6, at.length);
      const sums = new Array<number>(values.length).fill(0);
      at.forEach((place, i) => {
        if (place >= 0) sums[place] = (sums[place] as number) + (dy[i] as number);
      });
      await expectClose(foldPatches(tf.tensor(dy, seen.shape), window), sums);
    })
  );

  test(
    "the largest and its gradient",
    withoutLeak(async () => {
      const {channels, rows, columns} = window;
      const cells = rows * columns;
      const winners = Array.from({length: at.length / cells}, (_, i) => {
        const first = Math.floor(i / channels) * cells * channels + (i % channels);
        const inside = Array.from({length: cells}, (_, cell) => at[first + cell * channels] as number).filter(
          (place) => place >= 0
        );
        return inside.reduce((best, place) =>
          (values[place] as number) > (values[best] as number) ? place : best
        );
      });
      const x = tf.tensor(values, shape);
      await expectClose(
        maxPool(x, window),
        winners.map((place) => values[place] as number)
      );
      const counts = new Array<number>(values.length).fill(0);
      for (const place of winners) counts[place] = (counts[place] as number) + 1;
      await expectClose(ops.grad((images: Tensor) => tf.sum(maxPool(images, window)))(x), counts);
    })
  );

  test(
    "what is no number wins",
    withoutLeak(async () => {
      const damaged = values.slice();
      damaged[at.find((place) => place >= 0) as number] = NaN;
      expect((await maxPool(tf.tensor(damaged, shape), window).data()).some(Number.isNaN)).toBe(true);
    })
  );
});
