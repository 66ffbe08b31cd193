// IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, the dimensions (32 bits, big-endian), values.
import type {Dataset} from "../dataset.ts";
import {sizeOf} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import type {DataSource} from "../source.ts";
import type {SizeOf} from "./gunzip.ts";
import {mostNumbers} from "./limits.ts";
import {type DataFile, hashOfFiles, type Recipe, readFiles} from "./read-files.ts";

/** Bytes a value and how to read one, by the code in a file's third byte. */
const TYPES: Readonly<Record<number, {bytes: number; read: (view: DataView, at: number) => number}>> = {
  8: {bytes: 1, read: (view, at) => view.getUint8(at)},
  9: {bytes: 1, read: (view, at) => view.getInt8(at)},
  11: {bytes: 2, read: (view, at) => view.getInt16(at)},
  12: {bytes: 4, read: (view, at) => view.getInt32(at)},
  13: {bytes: 4, read: (view, at) => view.getFloat32(at)},
  14: {bytes: 8, read: (view, at) => view.getFloat64(at)}
};

const UNSIGNED_BYTE = 8;

/** Classes where nobody says how many there are: what float32 counts without gaps. */
const MOST_CLASSES = 2 ** 24;

/** The numbers of an IDX file. */
export interface IdxArray {
  shape: number[];
  values: Float32Array;
  /** Whether the file holds bytes from 0 to 255. */
  isBytes: boolean;
  /** Where the values begin in the file. */
  offset: number;
}

export interface IdxOptions {
  images: DataSource;
  labels: DataSource;
  /** How many classes there are, or their names; by default one more than the largest label. */
  classes?: number | string[];
  name?: string;
  attribution?: string;
}

/**
 * Images and labels of two IDX files, packed or not. Bytes become numbers from 0 to 1, other types stay as they are.
 * @throws DatasetError that names the byte which is wrong.
 *
 * @example
 * import {idx} from "petri/datasets";
 *
 * // Two images of 2 x 2 pixels, and their labels; else paths: idx({images: "data/train-images-idx3-ubyte.gz", ...}).
 * const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 255, 255, 0, 51, 102, 153, 204);
 * const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 3);
 * const data = await idx({images, labels});
 * display({shape: data.inputShape, inputs: data.inputs, labels: data.labels});
 */
export function idx(options: IdxOptions): Promise<Dataset> {
  const {images, labels, ...rest} = options;
  return readFiles([images, labels], idxRecipe(rest));
}

/** How two opened IDX files, images and labels, become a dataset. */
export function idxRecipe(options: Omit<IdxOptions, "images" | "labels">): Recipe<Dataset> {
  return {
    reader: "idx",
    options,
    sizeOf: idxSize,
    parse: async (files) => {
      const [imageFile, labelFile] = files as [DataFile, DataFile];
      const {shape, values, isBytes} = parseIdx(imageFile.name, imageFile.bytes);
      const labels = parseLabels(labelFile, shape[0] as number, options.classes);
      if (isBytes) for (let i = 0; i < values.length; ++i) values[i] = (values[i] as number) / 255;
      const {name = imageFile.name, attribution} = options;
      const classes = options.classes ?? largest(labels) + 1;
      const hash = await hashOfFiles(files);
      const data: Dataset = {name, inputs: values, inputShape: shape.slice(1), labels, classes, hash};
      return attribution ? {...data, attribution} : data;
    }
  };
}

/**
 * Reads the numbers of an IDX file. @throws DatasetError
 *
 * @example
 * import {parseIdx} from "petri/datasets";
 *
 * // Two labels: magic 0x00000801, a count, the bytes.
 * display(parseIdx("labels", new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])));
 */
export function parseIdx(name: string, bytes: Uint8Array): IdxArray {
  const {type, shape, offset, size} = parseHeader(name, bytes);
  if (bytes.length !== size) {
    const kind = bytes.length < size ? "ends too early" : "goes on too long";
    throw new DatasetError(
      `${name} ${kind}: its header (${shape.join(" x ")} values) asks for ${size} bytes, found ${bytes.length}. Copy the file again.`
    );
  }
  // Bytes, which nearly all files hold, are converted at once: MNIST is 47 million of them.
  const isBytes = type === UNSIGNED_BYTE;
  const values = isBytes ? new Float32Array(bytes.subarray(offset)) : readValues(name, bytes, type, offset);
  return {shape, values, isBytes, offset};
}

/** @throws DatasetError for a value that is no number in float32 */
function readValues(name: string, bytes: Uint8Array, type: number, offset: number): Float32Array {
  const {bytes: width, read} = TYPES[type] as (typeof TYPES)[number];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array((bytes.length - offset) / width);
  for (let i = 0; i < values.length; ++i) {
    const value = read(view, offset + i * width);
    values[i] = value;
    if (Number.isFinite(values[i])) continue;
    throw new DatasetError(
      `${name}, byte ${offset + i * width}: expected a finite number up to 3.4e38, found ${value}. Copy the file again, or repair its values.`
    );
  }
  return values;
}

/** The size of the file that begins so, as its header tells. */
const idxSize =
  (name: string): SizeOf =>
  (head) =>
    parseHeader(name, head).size;

function parseHeader(name: string, bytes: Uint8Array) {
  const need = (end: number, what: string) => {
    if (bytes.length >= end) return;
    throw new DatasetError(
      `${name} ends within its header, after byte ${bytes.length}: expected ${what} up to byte ${end}. Copy the file again.`
    );
  };
  need(4, "the four bytes that tell an IDX file");
  const [zero, zeroToo, type = 0, dimensions = 0] = bytes;
  const known = TYPES[type];
  if (zero !== 0 || zeroToo !== 0 || !known || dimensions < 1 || dimensions > 8) {
    const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new DatasetError(
      `${name}, bytes 0 to 3: expected the mark of an IDX file (00 00, a type of 08, 09, 0b to 0e, 01 to 08 dimensions), found ${found}. Give the file as it was published, as .gz or unpacked.`
    );
  }
  const offset = 4 + 4 * dimensions;
  need(offset, `${dimensions} dimensions of four bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({length: dimensions}, (_, i) => view.getUint32(4 + 4 * i));
  const size = offset + sizeOf(shape) * known.bytes;
  if (shape.includes(0) || sizeOf(shape) > mostNumbers()) {
    throw new DatasetError(
      `${name}, bytes 4 to ${offset - 1}: expected sizes of at least 1 and ${mostNumbers()} values in all, found ${shape.join(" x ")}. The header is damaged; copy the file again.`
    );
  }
  return {type, shape, offset, size};
}

function parseLabels(file: DataFile, count: number, classes?: number | string[]): Int32Array {
  const {shape, values, offset} = parseIdx(file.name, file.bytes);
  if (shape.length !== 1 || shape[0] !== count) {
    throw new DatasetError(
      `${file.name}, bytes 4 to ${offset - 1}: expected ${count} labels, one an image, found ${shape.join(" x ")}. Give the labels that belong to the images.`
    );
  }
  const limit = (Array.isArray(classes) ? classes.length : classes) ?? MOST_CLASSES;
  const width = (file.bytes.length - offset) / values.length;
  values.forEach((label, i) => {
    if (label >= 0 && label < limit && Number.isInteger(label)) return;
    throw new DatasetError(
      `${file.name}, byte ${offset + i * width}: expected a label from 0 to ${limit - 1}, found ${label} (row ${i}).`
    );
  });
  return Int32Array.from(values);
}

const largest = (numbers: Int32Array) => numbers.reduce((most, number) => Math.max(most, number), 0);
