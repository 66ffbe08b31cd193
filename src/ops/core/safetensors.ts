// The format of https://github.com/huggingface/safetensors (section "Format" of its README), free of the tensor library.

/** A tensor in a safetensors file. */
export interface StoredTensor {
  /** The format's own word: F32, I64, BOOL ... */
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/**
 * Content that is not a safetensors file, or a training that was saved in one and is damaged. The message says what is wrong.
 *
 * @example
 * import {decodeWeights, encodeWeights, SafetensorsError, tf} from "petri/core";
 *
 * const file = await encodeWeights({w: tf.ones([2, 3])});
 * try {
 *   decodeWeights(file.subarray(0, -4));
 * } catch (error) {
 *   display(error instanceof SafetensorsError && error.message);
 * }
 */
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
/** The format's own limit. */
const maxHeaderBytes = 100e6;

/**
 * Tensors by name as a safetensors file: the header's length as u64, the header as JSON, the tensors without gaps. Wide
 * types come first, so that each is aligned.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  const ordered = [...tensors].sort(
    ([a, {dtype: x}], [b, {dtype: y}]) => sizes[y] - sizes[x] || (a < b ? -1 : 1)
  );
  let end = 0;
  for (const [name, {dtype, shape, bytes}] of ordered) {
    header.push([name, {dtype, shape, data_offsets: [end, end + bytes.byteLength]}]);
    end += bytes.byteLength;
  }
  // fromEntries defines its fields: a tensor may be called __proto__.
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
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
 * The tensors of a safetensors file, as copies, and its metadata. Nothing is copied before the whole header has been
 * checked: lengths, types, shapes, and that the tensors cover the file's data without gap or overlap.
 * @throws SafetensorsError saying what is wrong with it.
 */
export function decodeSafetensors(file: Uint8Array): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const headerBytes = readHeaderLength(file);
  const {__metadata__: metadata = {}, ...fields} = parseHeader(file.subarray(8, 8 + headerBytes));
  checkMetadata(metadata);
  const data = file.subarray(8 + headerBytes);
  const entries = Object.entries(fields).map(([name, entry]) => checkEntry(name, entry));
  checkCoverage(entries, data.byteLength);
  const tensors = new Map<string, StoredTensor>();
  for (const {name, dtype, shape, start, end} of entries) {
    tensors.set(name, {dtype, shape, bytes: data.slice(start, end)});
  }
  return {tensors, metadata};
}

interface Entry {
  name: string;
  dtype: string;
  shape: readonly number[];
  start: number;
  end: number;
}

function readHeaderLength(file: Uint8Array): number {
  if (!(file instanceof Uint8Array)) {
    throw new SafetensorsError(
      `A safetensors file is read from a Uint8Array, got ${Object.prototype.toString.call(file).slice(8, -1)}. Pass new Uint8Array(await file.arrayBuffer()).`
    );
  }
  if (file.byteLength < 8) {
    throw new SafetensorsError(
      `A safetensors file begins with 8 bytes of length; this has ${file.byteLength} bytes.`
    );
  }
  const headerBytes = Number(
    new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true)
  );
  if (headerBytes > Math.min(maxHeaderBytes, file.byteLength - 8)) {
    throw new SafetensorsError(
      `The safetensors header should be ${headerBytes} bytes long, and the file has ${file.byteLength}.`
    );
  }
  return headerBytes;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", {fatal: true}).decode(bytes));
  } catch (error) {
    throw new SafetensorsError(`The safetensors header is not JSON: ${String(error)}`);
  }
  if (isRecord(header)) return header;
  throw new SafetensorsError("The safetensors header should be an object of tensors by name.");
}

function checkMetadata(metadata: unknown): asserts metadata is Record<string, string> {
  if (isRecord(metadata) && Object.values(metadata).every((value) => typeof value === "string")) return;
  throw new SafetensorsError("The safetensors metadata should be an object of texts.");
}

function checkEntry(name: string, entry: unknown): Entry {
  const {dtype, shape, data_offsets: offsets} = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string" || !Object.hasOwn(sizes, dtype)) {
    throw new SafetensorsError(
      `The tensor ${name} is of the unknown type ${String(dtype)}; there are ${Object.keys(sizes).join(", ")}.`
    );
  }
  if (!isCounts(shape)) throw new SafetensorsError(`The tensor ${name} has no shape of whole numbers.`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new SafetensorsError(`The tensor ${name} does not say where its data begins and ends.`);
  }
  const [start, end] = offsets as [number, number];
  const expected = shape.reduce((a, b) => a * b, 1) * (sizes[dtype] as number);
  if (end - start !== expected) {
    throw new SafetensorsError(
      `The tensor ${name} of shape [${shape.join(", ")}] and type ${dtype} should have ${expected} bytes; the file gives it ${start} to ${end}.`
    );
  }
  return {name, dtype, shape, start, end};
}

/** Every byte of the data belongs to one tensor. */
function checkCoverage(entries: readonly Entry[], dataBytes: number): void {
  let at = 0;
  let before = "the header";
  for (const {name, start, end} of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at)
      throw new SafetensorsError(`The tensors ${before} and ${name} overlap at byte ${start} of the data.`);
    if (start > at)
      throw new SafetensorsError(
        `Bytes ${at} to ${start} of the data belong to no tensor: ${before} ends before them, ${name} begins after.`
      );
    at = end;
    before = name;
  }
  if (at > dataBytes)
    throw new SafetensorsError(
      `The tensor ${before} ends at byte ${at} of the data, and there are ${dataBytes}: the file is cut off.`
    );
  if (at < dataBytes)
    throw new SafetensorsError(`The last ${dataBytes - at} bytes of the file belong to no tensor.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
