import {readFile} from "node:fs/promises";
import {configureDatasets} from "../../src/ops/datasets/index.ts";

/** Reads bundled datasets from the repository. */
export function datasetsFromDisk(): void {
  configureDatasets({fetchBytes: (path) => readFile(new URL(`../../notebooks/${path}`, import.meta.url))});
}
