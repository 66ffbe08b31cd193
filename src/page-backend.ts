import {preferredBackend} from "./preferred-backend.ts";

let opened: Promise<void> | undefined;

/**
 * Opens the backend that cells compute on when they use `petri/core` and its like themselves, outside of `train`: one
 * thread of WebAssembly unless the page's address prefers another. It starts at once, its numbers can be read without
 * waiting, and the GPU and the other cores stay with the training worker.
 */
export function openPageBackend(): Promise<void> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function open(): Promise<void> {
  const [{openBackend}, {wasmFiles}] = await Promise.all([
    import("./gpu/backend.ts"),
    import("./wasm-files.ts")
  ]);
  await openBackend({
    prefer: preferredBackend() ?? "wasm",
    wasmPaths: wasmFiles(document.baseURI),
    threads: false
  });
}
