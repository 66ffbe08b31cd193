import type {Dataset} from "../dataset.ts";
import {DatasetError, MissingDataError} from "../dataset-error.ts";
import type {SplitSets} from "../split.ts";
import {type Folder, openInFolder} from "./folder.ts";
import {idxRecipe} from "./idx.ts";
import {makeOf} from "./read-files.ts";

export interface MnistOptions {
  /** Where the four files are: data/mnist in the notebooks' folder by default, or a folder that was picked. */
  from?: Folder;
}

/**
 * MNIST: 60,000 images of handwritten digits to train on and 10,000 to test, of shape [28, 28, 1], from 0 to 1. Files of
 * the same names and format (Fashion-MNIST) can be read too: `mnist({from: "data/fashion-mnist"})`.
 * @throws MissingDataError that says where to get the files and where to put them; DatasetError for damaged ones.
 *
 * @example
 * import {mnist} from "petri/datasets";
 *
 * // Where the files are not there, it says how to get them.
 * display(await mnist().then(({train}) => train.labels.length, (error) => error.message));
 */
export async function mnist({from = "data/mnist"}: MnistOptions = {}): Promise<SplitSets> {
  const [train, test] = await Promise.all([readPart(from, "train"), readPart(from, "t10k")]);
  return {train, test};
}

async function readPart(from: Folder, part: "train" | "t10k"): Promise<Dataset> {
  const names = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`];
  const files = await Promise.all(names.map((name) => openInFolder(from, name))).catch((error: unknown) => {
    throw error instanceof MissingDataError ? notHere(from, error) : error;
  });
  const name = `MNIST (${part === "train" ? "train" : "test"})`;
  const attribution = "MNIST: Y. LeCun, C. Cortes, C. J. C. Burges, CC BY-SA 3.0";
  const recipe = idxRecipe({name, classes: 10, attribution});
  return makeOf(files, {
    ...recipe,
    reader: "mnist",
    parse: async (parts) => withChannel(names[0] as string, await recipe.parse(parts))
  });
}

function withChannel(file: string, data: Dataset): Dataset {
  if (data.inputShape.length === 2) return {...data, inputShape: [...data.inputShape, 1]};
  throw new DatasetError(`${file}: expected images, found values of shape [${data.inputShape}].`);
}

function notHere(from: Folder, cause: MissingDataError): MissingDataError {
  const place = typeof from === "string" ? `${from} in the notebooks' folder` : `the folder ${from.name}`;
  return new MissingDataError(
    `MNIST is not shipped with Petri, and ${place} does not have it. Download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, for instance from https://storage.googleapis.com/cvdf-datasets/mnist/, and put them into ${place}. (${cause.message})`,
    {cause}
  );
}
