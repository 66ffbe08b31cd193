import type {BackendName} from "./gpu/types.ts";

/** `?backend=wasm` in the page's address, for comparing backends. */
export function preferredBackend(): BackendName | undefined {
  const wanted = new URLSearchParams(location.search).get("backend");
  return (["webgpu", "wasm", "cpu"] as const).find((name) => name === wanted);
}
