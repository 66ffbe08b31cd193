import {maskedCrc32c} from "./crc32c.ts";
import {ImportError} from "./import-error.ts";

/** Length (u64), its CRC (u32), the data, the data's CRC (u32); all little-endian. */
const headBytes = 12;
const tailBytes = 4;

/** Whether the bytes begin with the head of a record whose CRC is right. */
export function isTfRecord(bytes: Uint8Array): boolean {
  if (bytes.length < headBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint32(8, true) === maskedCrc32c(bytes.subarray(0, 8));
}

/**
 * The records of a TFRecord file, each checked. Returns how many bytes at its end are the begin of a record that is still
 * being written. @throws ImportError at the byte where a checksum is wrong.
 */
export function* readRecords(file: string, bytes: Uint8Array): Generator<Uint8Array, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const check = (at: number, length: number, what: string) => {
    const [expected, found] = [
      view.getUint32(at + length, true),
      maskedCrc32c(bytes.subarray(at, at + length))
    ];
    if (expected === found) return;
    throw new ImportError(
      `${file}, byte ${at}: the ${what} has the checksum ${hex(found)}, and the file says ${hex(expected)}. It is damaged from there on.`
    );
  };
  let at = 0;
  while (at + headBytes <= bytes.length) {
    check(at, 8, "length of a record");
    const length = Number(view.getBigUint64(at, true));
    if (at + headBytes + length + tailBytes > bytes.length) break;
    check(at + headBytes, length, "record");
    yield bytes.subarray(at + headBytes, at + headBytes + length);
    at += headBytes + length + tailBytes;
  }
  return bytes.length - at;
}

const hex = (crc: number) => `0x${crc.toString(16).padStart(8, "0")}`;

/** Records as one TFRecord file. */
export function writeRecords(records: readonly Uint8Array[]): Uint8Array {
  const size = records.reduce((sum, {length}) => sum + headBytes + length + tailBytes, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const record of records) {
    view.setBigUint64(at, BigInt(record.length), true);
    view.setUint32(at + 8, maskedCrc32c(bytes.subarray(at, at + 8)), true);
    bytes.set(record, at + headBytes);
    view.setUint32(at + headBytes + record.length, maskedCrc32c(record), true);
    at += headBytes + record.length + tailBytes;
  }
  return bytes;
}
