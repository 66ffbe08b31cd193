import {ImportError} from "./import-error.ts";

/** A field of a message as it is on the wire: a number for varints, bytes for what has a length or is fixed. */
export type Wire = number | Uint8Array;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads a base-128 number; those of negative 64-bit integers come out negative. */
function readVarint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (at >= bytes.length) break;
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [Number(BigInt.asIntN(64, value)), at];
  }
  throw new ImportError(`expected a number of protobuf at byte ${at} of a record, found its end.`);
}

/** The fields of a protobuf message, in order. @throws ImportError when it is none. */
export function* readFields(bytes: Uint8Array): Generator<[field: number, value: Wire]> {
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) {
      throw new ImportError(
        `expected ${length} bytes at byte ${at} of a record, found ${bytes.length - at}.`
      );
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const [tag, afterTag] = readVarint(bytes, at);
    at = afterTag;
    const field = tag >>> 3;
    switch (tag & 7) {
      case 0: {
        const [value, end] = readVarint(bytes, at);
        at = end;
        yield [field, value];
        break;
      }
      case 1:
        yield [field, take(8)];
        break;
      case 2: {
        const [length, end] = readVarint(bytes, at);
        at = end;
        yield [field, take(length)];
        break;
      }
      case 5:
        yield [field, take(4)];
        break;
      default:
        throw new ImportError(
          `expected a field of protobuf at byte ${at} of a record, found wire type ${tag & 7}.`
        );
    }
  }
}

const view = (value: Wire) => {
  const bytes = value as Uint8Array;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
};

export const asDouble = (value: Wire) => view(value).getFloat64(0, true);
export const asFloat = (value: Wire) => view(value).getFloat32(0, true);
export const asText = (value: Wire) => decoder.decode(value as Uint8Array);

function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

/** A field that holds a whole number. */
export const whole = (field: number, value: number) =>
  Uint8Array.from([...varint(field << 3), ...varint(value)]);

/** A field that holds bytes, a text or a message. */
export function nested(field: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  return message(Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes);
}

export function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = (field << 3) | 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

/** A message of fields. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, {length}) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}
