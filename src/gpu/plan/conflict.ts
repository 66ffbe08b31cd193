import type {Dispatch} from "./recording.ts";

/** True where a dispatch would read one part of a buffer and write another: WebGPU takes a buffer as a whole. */
export function bindingConflict(
  entries: readonly GPUBindGroupEntry[],
  {writes}: Pick<Dispatch, "writes">
): boolean {
  const bufferOf = ({resource}: GPUBindGroupEntry) => (resource as GPUBufferBinding).buffer;
  const written = new Set(entries.filter(({binding}) => writes.includes(binding)).map(bufferOf));
  return entries.some((entry) => !writes.includes(entry.binding) && written.has(bufferOf(entry)));
}
