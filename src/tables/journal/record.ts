import {crc32} from "./crc32.ts";

/** What a record holds: rows as Arrow IPC, the deletion of runs, or what the journal says of itself, both as JSON. */
export type RecordKind = "rows" | "deletion" | "info";

/** The first four bytes of a record: "PTRr", "PTRd", "PTRi". */
const magics: Readonly<Record<RecordKind, number>> = {
  rows: 0x72525450,
  deletion: 0x64525450,
  info: 0x69525450
};
const kindOf = new Map(Object.entries(magics).map(([kind, magic]) => [magic, kind as RecordKind]));

/** Who wrote a record: 16 hex digits of a tab, and its number there, rising. A record that is sent again is known by it. */
export interface Origin {
  tab: string;
  number: number;
}

/** Of what the journal wrote by itself. */
export const noOrigin: Origin = {tab: "0".repeat(16), number: 0};

/** Where a record is in a file. */
export interface Frame {
  kind: RecordKind;
  origin: Origin;
  /** Position of its first byte, a multiple of 8. */
  at: number;
  /** Bytes of what it holds, which begin at `at + headerBytes`. */
  length: number;
}

/** Bytes before the content: magic u32, length u32, crc32 u32, number u32, tab 8 bytes; all little-endian. */
export const headerBytes = 24;

/** Bytes of a whole record: they are filled up to a multiple of 8, so that Arrow's buffers lie where their types want it. */
export const frameBytes = (length: number) => headerBytes + 8 * Math.ceil(length / 8);

/** A record as it is on disk. The CRC covers all that comes after it but the filling. */
export function encodeFrame(
  kind: RecordKind,
  content: Uint8Array,
  {tab, number}: Origin
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(frameBytes(content.length));
  const view = new DataView(frame.buffer);
  view.setUint32(0, magics[kind], true);
  view.setUint32(4, content.length, true);
  view.setUint32(12, number, true);
  for (let i = 0; i < 8; i++) frame[16 + i] = Number.parseInt(tab.slice(2 * i, 2 * i + 2), 16);
  frame.set(content, headerBytes);
  view.setUint32(8, crc32(frame.subarray(12, headerBytes + content.length)), true);
  return frame;
}

/** The record that begins at a position; null when none does, or it is torn or damaged. */
export function readFrame(bytes: Uint8Array, at: number): Frame | null {
  if (at + headerBytes > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes);
  const kind = kindOf.get(view.getUint32(0, true));
  const length = view.getUint32(4, true);
  if (!kind || at + frameBytes(length) > bytes.length) return null;
  if (crc32(bytes.subarray(at + 12, at + headerBytes + length)) !== view.getUint32(8, true)) return null;
  const tab = Array.from(bytes.subarray(at + 16, at + 24), (b) => b.toString(16).padStart(2, "0")).join("");
  return {kind, at, length, origin: {tab, number: view.getUint32(12, true)}};
}

/** The bytes that a record holds, within those of the file. */
export function contentOf(bytes: Uint8Array, {at, length}: Frame): Uint8Array {
  return bytes.subarray(at + headerBytes, at + headerBytes + length);
}

/** What is in a file of records. */
export interface Scan {
  frames: Frame[];
  /** Stretches without a whole record, which whole ones follow: something changed bytes that had been written. */
  damage: {at: number; bytes: number}[];
  /** Where the last whole record ends. What stands after it was never acknowledged. */
  end: number;
}

/** Finds the whole records of a file, also those after a damaged one. */
export function scan(bytes: Uint8Array): Scan {
  const frames: Frame[] = [];
  const damage: Scan["damage"] = [];
  let end = 0;
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const frame = readFrame(bytes, at);
    if (!frame) {
      at += 8;
      continue;
    }
    if (at > end) damage.push({at: end, bytes: at - end});
    frames.push(frame);
    at += frameBytes(frame.length);
    end = at;
  }
  return {frames, damage, end};
}
