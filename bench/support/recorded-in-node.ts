// What recordings of notebooks in Node have in common: the digits, and figures as they are printed.
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {ops} from "../../src/ops/index.ts";
import {openWasmInNode} from "./open-wasm-in-node.ts";

/** A figure of a recording. */
export interface Figure {
  case: string;
  metric: string;
  value: number;
}

/** What a process of a recording prints. */
export interface Recorded {
  adapter: string;
  figures: Figure[];
  cpuSeconds: number;
}

/** Datasets are read from the notebooks' folder. */
export function notebookFiles(): void {
  const fetchBytes = async (path: string) => new Uint8Array(await readFile(join("notebooks", path)));
  ops.datasets.configureDatasets({fetchBytes});
}

/** The digits in two parts, each pixel scaled to mean 0 and deviation 1, with rows of 64 numbers or images of 8 rows. */
export async function digitsInNode(inputShape: number[]) {
  notebookFiles();
  const {digits, normalise, split} = ops.datasets;
  const {train, test} = normalise(split(await digits(), {test: 0.25, seed: 1}));
  return {train: {...train, inputShape}, test: {...test, inputShape}};
}

/** MNIST, images of rows of 28, from 0 to 1: it lies beside the project, or where PETRI_DATA says. */
export function mnistInNode() {
  const folder = process.env.PETRI_DATA ?? "../shared/data";
  const fetchBytes = async (path: string) =>
    new Uint8Array(await readFile(join(folder, path.replace(/^data\//, ""))));
  ops.datasets.configureDatasets({fetchBytes});
  return ops.datasets.mnist();
}

/** Opens WebAssembly, records, and prints one line of JSON. */
export async function record(
  wasmPaths: string | undefined,
  figuresOf: () => Promise<Figure[]>
): Promise<void> {
  const adapter = await openWasmInNode(wasmPaths);
  const busy = process.cpuUsage();
  const figures = await figuresOf();
  const {user, system} = process.cpuUsage(busy);
  const recorded: Recorded = {adapter, figures, cpuSeconds: (user + system) / 1e6};
  console.log(JSON.stringify(recorded));
}
