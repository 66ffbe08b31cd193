import {describe, expect, test} from "vitest";
import {type Dataset, type GlyphOptions, glyphs} from "./exports.ts";

const STRAIGHT = {rotate: 0, scale: 0, shear: 0, shift: 0, elastic: 0};
const ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const imageOf = ({inputs, inputShape: [side = 0]}: Dataset, i: number) =>
  inputs.subarray(i * side * side, (i + 1) * side * side);
const drawn = (character: string, options: GlyphOptions = {}) =>
  imageOf(glyphs({n: 1, characters: character, size: 20, ...STRAIGHT, ...options}), 0);

/** The image's rows as text: # for what is bright. */
function rowsOf(image: Float32Array): string[] {
  const side = Math.sqrt(image.length);
  const text = Array.from(image, (value) => (value > 0.5 ? "#" : ".")).join("");
  return Array.from({length: side}, (_, y) => text.slice(y * side, (y + 1) * side));
}

/** Patches of dark that are not connected: one outside, and one for each hole. */
function darkPatches(image: Float32Array): number {
  const side = Math.sqrt(image.length);
  const seen = new Set<number>();
  let patches = 0;
  for (let start = 0; start < image.length; ++start) {
    if (seen.has(start) || (image[start] as number) > 0.5) continue;
    patches += 1;
    for (const stack = [start]; stack.length > 0; ) {
      const at = stack.pop() as number;
      const [x, y] = [at % side, Math.floor(at / side)];
      if (x < 0 || seen.has(at) || !((image[at] as number) <= 0.5)) continue;
      seen.add(at);
      if (x > 0) stack.push(at - 1);
      if (x < side - 1) stack.push(at + 1);
      if (y > 0) stack.push(at - side);
      if (y < side - 1) stack.push(at + side);
    }
  }
  return patches;
}

describe("glyphs", () => {
  test("are images from 0 to 1, with equal shares, by the seed", () => {
    const data = glyphs({n: 60, characters: ALL, seed: 2});
    expect(data.inputShape).toEqual([16, 16, 1]);
    expect(data.classes).toEqual(Array.from(ALL));
    expect(Array.from(data.labels.subarray(34, 38))).toEqual([34, 35, 0, 1]);
    expect(Math.min(...data.inputs)).toBe(0);
    expect(Math.max(...data.inputs)).toBe(1);
    expect(glyphs({n: 60, characters: ALL, seed: 2})).toEqual(data);
    expect(glyphs({n: 60, characters: ALL, seed: 3}).inputs).not.toEqual(data.inputs);
  });

  test("without deformation every character is the same, and unlike every other", () => {
    const data = glyphs({n: 72, characters: ALL, size: 20, ...STRAIGHT, pen: [0.08, 0.08]});
    const images = Array.from({length: 72}, (_, i) => String(imageOf(data, i)));
    expect(images.slice(0, 36)).toEqual(images.slice(36));
    expect(new Set(images).size).toBe(36);
  });

  test.each([
    ["L", 1],
    ["O", 2],
    ["A", 2],
    ["8", 3],
    ["B", 3]
  ])("%s has its holes", (character, patches) => {
    expect(darkPatches(drawn(character, {size: 32, pen: [0.05, 0.05]}))).toBe(patches);
  });

  test("a line is as wide as the pen", () => {
    const middle = (pen: number) => {
      const row = drawn("I", {size: 40, pen: [pen, pen]}).subarray(40 * 20, 40 * 21);
      return row.reduce((sum, value) => sum + value, 0);
    };
    expect(middle(0.1)).toBeCloseTo(4, 5);
    expect(middle(0.2)).toBeCloseTo(8, 5);
  });

  test.each([
    ["rotate", 40],
    ["scale", 0.5],
    ["shear", 0.6],
    ["shift", 0.2],
    ["elastic", 0.1]
  ])("%s moves what is drawn, another way in every image", (name, value) => {
    const data = glyphs({n: 3, characters: "E", size: 20, ...STRAIGHT, pen: [0.08, 0.08], [name]: value});
    const images = new Set([0, 1, 2].map((i) => rowsOf(imageOf(data, i)).join("\n")));
    images.add(rowsOf(drawn("E", {pen: [0.08, 0.08]})).join("\n"));
    expect(images.size).toBe(4);
  });

  test("shift moves and changes nothing else", () => {
    const sum = (image: Float32Array) => image.reduce((all, value) => all + value, 0);
    const pen: [number, number] = [0.1, 0.1];
    const moved = drawn("L", {shift: 0.1, pen, size: 40});
    expect(sum(moved) / sum(drawn("L", {pen, size: 40}))).toBeCloseTo(1, 1);
  });

  test("noise lies on every pixel", () => {
    const noisy = drawn("1", {noise: 0.2});
    expect(noisy.filter((value) => value === 0).length).toBe(0);
    expect(Math.min(...noisy)).toBeLessThan(0);
  });

  test.each<[GlyphOptions, string]>([
    [{characters: "aé"}, "glyphs can draw 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ, and not “a”"],
    [{characters: ""}, "characters must be a whole number of at least 1"],
    [{size: 3}, "size must be a whole number of at least 4"],
    [{rotate: -1}, "rotate must be a number of at least 0"]
  ])("refuses %o", (options, message) => {
    expect(() => glyphs(options)).toThrow(message);
  });
});
