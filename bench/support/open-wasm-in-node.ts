import {createRequire} from "node:module";
import {openBackend} from "../../src/gpu/backend.ts";

/** Opens the wasm backend in Node and tells on what it computes; throws where there is none. */
export async function openWasmInNode(wasmPaths: string | undefined): Promise<string> {
  // The loader of tfjs's wasm asks Node for these, as in CommonJS.
  Object.assign(globalThis, {__dirname: import.meta.dirname, require: createRequire(import.meta.url)});
  const {adapter, name} = await openBackend({prefer: "wasm", wasmPaths});
  if (name !== "wasm") throw new Error("There is no WebAssembly here.");
  return adapter;
}
