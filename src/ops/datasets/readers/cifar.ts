// The binary version of CIFAR-10: records of a label and 32 x 32 pixels, all red, then all green, then all blue bytes.
import type {Dataset} from "../dataset.ts";
import {DatasetError, MissingDataError} from "../dataset-error.ts";
import type {DataSource} from "../source.ts";
import type {SplitSets} from "../split.ts";
import {type Folder, openInFolder} from "./folder.ts";
import {mostNumbers} from "./limits.ts";
import {type DataFile, hashOfFiles, makeOf, type Recipe, readFiles} from "./read-files.ts";

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const RECORD = 1 + 3 * PIXELS;

const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/**
 * Images of one or more CIFAR-10 files, in their order: shape [32, 32, 3], from 0 to 1. @throws DatasetError
 *
 * @example
 * import {cifar} from "petri/datasets";
 *
 * // Two images of one colour each; else the .bin files of the set: cifar(["data/data_batch_1.bin", ...]).
 * const bytes = new Uint8Array(2 * 3073).fill(200, 1, 1025).fill(90, 3074);
 * bytes[3073] = 8;
 * const {labels, classes, inputShape} = await cifar(bytes);
 * display({inputShape, labels: Array.from(labels, (label) => classes[label])});
 */
export function cifar(sources: DataSource | readonly DataSource[], name = "CIFAR-10"): Promise<Dataset> {
  return readFiles([sources].flat() as DataSource[], recipe(name));
}

/**
 * CIFAR-10: 50,000 images to train on and 10,000 to test, from the six .bin files of a folder, by default
 * data/cifar-10-batches-bin in the notebooks' folder. @throws MissingDataError that says where to get them, DatasetError
 */
export async function cifar10({
  from = "data/cifar-10-batches-bin"
}: {
  from?: Folder;
} = {}): Promise<SplitSets> {
  const names = [...Array.from({length: 5}, (_, i) => `data_batch_${i + 1}.bin`), "test_batch.bin"];
  const files = await Promise.all(names.map((name) => openInFolder(from, name))).catch((error: unknown) => {
    throw error instanceof MissingDataError ? notHere(from, error) : error;
  });
  const [train, test] = await Promise.all([
    makeOf(files.slice(0, 5), recipe("CIFAR-10 (train)")),
    makeOf(files.slice(5), recipe("CIFAR-10 (test)"))
  ]);
  return {train, test};
}

function recipe(name: string): Recipe<Dataset> {
  return {
    reader: "cifar",
    options: name,
    parse: async (files) => {
      const count = files.reduce((sum, file) => sum + recordCount(file), 0);
      if (count * RECORD > mostNumbers()) {
        throw new DatasetError(
          `${name}: expected at most ${Math.floor(mostNumbers() / RECORD)} images, found ${count}. Give fewer files at once.`
        );
      }
      const inputs = new Float32Array(count * 3 * PIXELS);
      const labels = new Int32Array(count);
      let row = 0;
      for (const file of files) row = readRecords(file, inputs, labels, row);
      return {
        name,
        inputs,
        inputShape: [SIDE, SIDE, 3],
        labels,
        classes: CLASSES,
        attribution: "CIFAR-10: A. Krizhevsky, V. Nair, G. Hinton",
        hash: await hashOfFiles(files)
      };
    }
  };
}

function recordCount({name, bytes}: DataFile): number {
  const count = bytes.length / RECORD;
  if (Number.isInteger(count) && count > 0) return count;
  throw new DatasetError(
    `${name}: expected records of ${RECORD} bytes (a label, 3 x 1024 pixels), found ${bytes.length} bytes, of which the last record, from byte ${Math.floor(count) * RECORD}, is incomplete. Give a .bin file of the binary version.`
  );
}

function readRecords(
  {name, bytes}: DataFile,
  inputs: Float32Array,
  labels: Int32Array,
  first: number
): number {
  const count = bytes.length / RECORD;
  for (let i = 0; i < count; ++i) {
    const start = i * RECORD;
    const label = bytes[start] as number;
    if (label >= CLASSES.length) {
      throw new DatasetError(`${name}, byte ${start}: expected a label from 0 to 9, found ${label}.`);
    }
    labels[first + i] = label;
    const out = (first + i) * 3 * PIXELS;
    for (let p = 0; p < PIXELS; ++p) {
      for (let c = 0; c < 3; ++c) {
        inputs[out + p * 3 + c] = (bytes[start + 1 + c * PIXELS + p] as number) / 255;
      }
    }
  }
  return first + count;
}

function notHere(from: Folder, cause: MissingDataError): MissingDataError {
  const place = typeof from === "string" ? `${from} in the notebooks' folder` : `the folder ${from.name}`;
  return new MissingDataError(
    `CIFAR-10 is not shipped with Petri, and ${place} does not have it. Download the binary version from https://www.cs.toronto.edu/~kriz/cifar.html, unpack it and put the six .bin files into ${place}. (${cause.message})`,
    {cause}
  );
}
