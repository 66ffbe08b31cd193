/** A tensor in a safetensors file. */
export interface StoredTensor {
  /** The format's own word: F32, I64, BOOL ... */
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** Content that is not a safetensors file. */
export class SafetensorsError extends Error {
  override name = "SafetensorsError";
}

const sizes: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1
};
const maxHeaderBytes = 100e6;

/**
 * Tensors by name as a safetensors file (https://github.com/huggingface/safetensors, format section of its README):
 * the header's length as u64, the header as JSON, the tensors without gaps. Wide types come first, so that each is
 * aligned.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  const ordered = [...tensors].sort(
    ([a, {dtype: x}], [b, {dtype: y}]) => sizes[y] - sizes[x] || (a < b ? -1 : 1)
  );
  let end = 0;
  for (const [name, {dtype, shape, bytes}] of ordered) {
    header[name] = {dtype, shape, data_offsets: [end, end + bytes.byteLength]};
    end += bytes.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(32, 8, 8 + headerBytes);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const [, {bytes}] of ordered) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}

/**
 * The tensors of a safetensors file, as copies, and its metadata.
 * @throws SafetensorsError saying what is wrong with it.
 */
export function decodeSafetensors(file: Uint8Array): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < 8) {
    throw new SafetensorsError(
      `A safetensors file begins with 8 bytes of length; this has ${file.byteLength} bytes.`
    );
  }
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > Math.min(maxHeaderBytes, file.byteLength - 8)) {
    throw new SafetensorsError(
      `The safetensors header should be ${headerBytes} bytes long, and the file has ${file.byteLength}.`
    );
  }
  const {__metadata__: metadata, ...entries} = parseHeader(file.subarray(8, 8 + headerBytes));
  const data = file.subarray(8 + headerBytes);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) tensors.set(name, readTensor(name, entry, data));
  return {tensors, metadata: (metadata ?? {}) as Record<string, string>};
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder("utf-8", {fatal: true}).decode(bytes)) as Record<string, unknown>;
  } catch (error) {
    throw new SafetensorsError(`The safetensors header is not JSON: ${String(error)}`);
  }
}

function readTensor(name: string, entry: unknown, data: Uint8Array): StoredTensor {
  const {
    dtype,
    shape,
    data_offsets: offsets
  } = entry as {
    dtype: string;
    shape: number[];
    data_offsets: [number, number];
  };
  const sizeBytes = sizes[dtype];
  if (!sizeBytes) throw new SafetensorsError(`The tensor ${name} is of the unknown type ${dtype}.`);
  const [start, end] = offsets ?? [];
  const expected = shape.reduce((a, b) => a * b, 1) * sizeBytes;
  if (!(start >= 0 && end <= data.byteLength && end - start === expected)) {
    throw new SafetensorsError(
      `The tensor ${name} of shape [${shape.join(", ")}] should have ${expected} bytes; the file gives it ${start} to ${end} of ${data.byteLength}.`
    );
  }
  return {dtype, shape, bytes: data.slice(start, end)};
}
