/** What a connection says of its context, in words of 32 bits from its address: the third one points there. */
const contextWord = 2;

/** The first word of a context points at itself; the byte that stops its statement is behind four words. */
const flagByte = 16;

/**
 * Stops the statement of a connection through the memory that the page shares with DuckDB's threads. DuckDB-WASM cancels
 * between slices of its own thread only: another one would go on to the end of its part, and the whole engine would wait
 * for it. The layout is that of one exact version; `engine.ts` tries it before the build with threads is taken.
 *
 * @param connection DuckDB's number for it, its address; it must be open
 * @returns whether the memory there looks like a connection
 */
export function interrupt({buffer}: WebAssembly.Memory, connection: number): boolean {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  const context = words[connection / 4 + contextWord];
  if (!context || context % 4 !== 0 || words[context / 4] !== context) return false;
  Atomics.store(new Uint8Array(buffer), context + flagByte, 1);
  return true;
}
