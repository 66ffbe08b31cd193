import {describe, expect, test} from "vitest";
import {augment, augmentImages, type Dataset, key} from "./exports.ts";

/** Copies of an image of 3 x 4 pixels whose numbers are 1 to 12. */
const images = (count: number) => Float32Array.from({length: 12 * count}, (_, i) => (i % 12) + 1);
const imageAt = (all: Float32Array, i: number) => Array.from(all.subarray(12 * i, 12 * i + 12));
const plain = imageAt(images(1), 0);
const mirrored = [4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9];

describe("augmentImages", () => {
  test("without changes gives the same images, in new memory", () => {
    const given = images(2);
    const same = augmentImages(given, [3, 4], {}, key(0));
    expect(same).toEqual(given);
    expect(same).not.toBe(given);
  });

  test("mirrors half of the images, and no pixel is lost", () => {
    const flipped = augmentImages(images(400), [3, 4], {flip: true}, key(1));
    const kinds = Array.from({length: 400}, (_, i) => String(imageAt(flipped, i)));
    expect(new Set(kinds)).toEqual(new Set([String(plain), String(mirrored)]));
    const share = kinds.filter((kind) => kind === String(mirrored)).length;
    expect(Math.abs(share - 200)).toBeLessThan(50);
  });

  test("moves by whole pixels, in all directions and not further", () => {
    const moved = augmentImages(images(500), [3, 4], {shift: 1}, key(2));
    const places = new Set<string>();
    for (let i = 0; i < 500; ++i) {
      const image = imageAt(moved, i);
      // Pixel 6 stood in row 1, column 1.
      const at = image.indexOf(6);
      places.add(`${Math.floor(at / 4) - 1},${(at % 4) - 1}`);
    }
    expect(places.size).toBe(9);
    const [first = 0] = imageAt(moved, 0);
    expect(first === 0 || [1, 2, 5, 6].includes(first)).toBe(true);
  });

  test("turns about the centre: by 90 degrees a square's corners change places", () => {
    const square = Float32Array.of(1, 0, 2, 0, 5, 0, 3, 0, 4);
    // Angles are drawn; look for one near a quarter turn among many.
    const turned = augmentImages(
      Float32Array.from({length: 9 * 3000}, (_, i) => square[i % 9] as number),
      [3, 3],
      {rotate: 90},
      key(3)
    );
    let nearest = 0;
    for (let i = 0; i < 3000; ++i) {
      expect(turned[9 * i + 4]).toBeCloseTo(5, 5);
      nearest = Math.max(nearest, turned[9 * i + 2] as number);
    }
    // The upper left (1), upper right (2) and lower right (4) corners are what can come to the upper right.
    expect(nearest).toBeGreaterThan(3.9);
  });

  test("adds noise of the deviation asked for", () => {
    const noisy = augmentImages(new Float32Array(12_000), [3, 4], {noise: 0.5}, key(4));
    const variance = noisy.reduce((sum, value) => sum + value * value, 0) / noisy.length;
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
  });

  test("cuts squares out, over the edge as well, in all channels", () => {
    const cut = augmentImages(new Float32Array(200 * 5 * 5 * 2).fill(1), [5, 5, 2], {cutout: 3}, key(5));
    const sizes = new Set<number>();
    for (let i = 0; i < 200; ++i) {
      const image = cut.subarray(50 * i, 50 * i + 50);
      for (let p = 0; p < 25; ++p) expect(image[2 * p]).toBe(image[2 * p + 1]);
      sizes.add(image.filter((value) => value === 0).length / 2);
    }
    expect([...sizes].sort((a, b) => a - b)).toEqual([4, 6, 9]);
  });

  test("is decided by the key, another way for every image", () => {
    const changes = {shift: 1, flip: true, rotate: 20, noise: 0.1, cutout: 1};
    const once = augmentImages(images(20), [3, 4], changes, key(6));
    expect(augmentImages(images(20), [3, 4], changes, key(6))).toEqual(once);
    expect(augmentImages(images(20), [3, 4], changes, key(7))).not.toEqual(once);
    expect(imageAt(once, 0)).not.toEqual(imageAt(once, 1));
  });

  test.each([
    [[12], {}, "Expected images of shape [height, width] or [height, width, channels], got [12]"],
    [[3, 4], {rotate: 200}, "rotate must be a number between 0 and 180"],
    [[3, 4], {shift: 0.5}, "shift must be a whole number"],
    [[3, 4], {cutout: -1}, "cutout must be a whole number"]
  ])("refuses %o with %o", (shape, changes, message) => {
    expect(() => augmentImages(images(1), shape, changes, key(0))).toThrow(message);
  });
});

test("augment changes the inputs of a dataset and nothing else", () => {
  const data: Dataset = {
    name: "a",
    inputs: images(2),
    inputShape: [3, 4, 1],
    labels: Int32Array.of(3, 4),
    classes: 5
  };
  const changed = augment(data, {noise: 1}, key(0));
  expect(changed.inputs).not.toEqual(data.inputs);
  expect({...changed, inputs: data.inputs}).toEqual(data);
});
