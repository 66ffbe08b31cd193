import type {Dataset} from "./dataset.ts";
import {DatasetError} from "./dataset-error.ts";
import {readSource} from "./source.ts";

const PIXELS = 64;
const BRIGHTEST = 16;

let cached: Promise<Dataset> | undefined;

/**
 * 1,797 handwritten digits of 8x8 pixels from 0 to 1 (UCI Optical Recognition of Handwritten Digits).
 *
 * @example
 * import {digits} from "petri/datasets";
 *
 * const {inputs, labels} = await digits();
 * const pixels = Array.from(inputs.subarray(0, 8 * 64), (value, i) => ({
 *   digit: Math.floor(i / 64), x: i % 8, y: Math.floor((i % 64) / 8), value
 * }));
 * display(Plot.plot({width, height: 110, padding: 0, axis: null, color: {scheme: "greys"}, marks: [
 *   Plot.cell(pixels, {x: "x", y: "y", fx: "digit", fill: "value", inset: 0})
 * ], fx: {axis: "bottom", label: null, tickFormat: (digit) => String(labels[digit])}}));
 */
export function digits(): Promise<Dataset> {
  cached ??= load().catch((error) => {
    cached = undefined;
    throw error;
  });
  return cached.then((data) => ({...data}));
}

async function load(): Promise<Dataset> {
  const {bytes, hash} = await readSource("data/digits.csv.gz");
  const lines = new TextDecoder().decode(bytes).trim().split("\n");
  const inputs = new Float32Array(lines.length * PIXELS);
  const labels = new Int32Array(lines.length);
  lines.forEach((line, row) => {
    const numbers = line.split(",").map(Number);
    const label = numbers[PIXELS];
    const isRight = numbers.every((value) => Number.isInteger(value) && value >= 0 && value <= BRIGHTEST);
    if (numbers.length !== PIXELS + 1 || label === undefined || !isRight || label > 9) {
      throw new DatasetError(
        `digits.csv, line ${row + 1}: expected 64 pixels and a label from 0 to 9 (pixels are whole numbers from 0 to 16), got "${line.slice(0, 40)}".`
      );
    }
    for (let i = 0; i < PIXELS; ++i) inputs[row * PIXELS + i] = (numbers[i] as number) / BRIGHTEST;
    labels[row] = label;
  });
  return {
    name: "digits",
    inputs,
    inputShape: [8, 8],
    labels,
    classes: 10,
    attribution: "UCI Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak), CC BY 4.0",
    hash
  };
}
