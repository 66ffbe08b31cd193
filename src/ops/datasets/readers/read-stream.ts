/** What is done while a stream is read. */
interface Watch {
  /** After each piece and at the end: throws when there is too much. `soFar` gives what came. */
  check: (length: number, done: boolean, soFar: () => Uint8Array) => void;
  /** The error for a stream that broke off after so many bytes. */
  broken: (cause: unknown, length: number) => Error;
}

/** All bytes of a stream; it is left as soon as `check` throws, so that no stream can fill the memory. */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  {check, broken}: Watch
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const {done, value} = await reader.read().catch((cause: unknown) => {
        throw broken(cause, length);
      });
      if (value) {
        chunks.push(value);
        length += value.length;
      }
      check(length, done, () => joined(chunks, length));
      if (done) return joined(chunks, length);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
