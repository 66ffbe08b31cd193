import {readFile} from "node:fs/promises";
import {openBackend} from "../../src/gpu/backend.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {configureDatasets} from "../../src/ops/datasets/index.ts";

/** The backends that Node has; test/browser repeats the same cases on webgpu. */
export const BACKENDS: readonly BackendName[] = ["cpu", "wasm"];

/** Makes a backend the current one, or fails. */
export async function use(name: BackendName): Promise<void> {
  const info = await openBackend({prefer: name});
  if (info.name !== name) throw new Error(`No ${name} here: ${JSON.stringify(info.refused)}`);
}

/** Reads bundled datasets from the repository. */
export function datasetsFromDisk(): void {
  configureDatasets({fetchBytes: (path) => readFile(new URL(`../../notebooks/${path}`, import.meta.url))});
}
