import {expect, test} from "vitest";
import {crc32} from "../../../src/tables/journal/crc32.ts";

const bytes = new Uint8Array(300).map((_, i) => (i * 151) ^ (i >> 2));

/** A bit at a time, as the polynomial is defined. */
function slowly(of: Uint8Array): number {
  let crc = -1;
  for (const byte of of) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("gives the check value of the catalogue", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("is the same wherever the bytes lie, and however long they are", () => {
  for (let from = 0; from < 20; from++) {
    for (let to = from; to < 60; to++) {
      expect(crc32(bytes.subarray(from, to))).toBe(slowly(bytes.subarray(from, to)));
    }
  }
});

test("goes on from that of the bytes before", () => {
  for (const cut of [0, 1, 7, 16, 100, 300]) {
    expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(slowly(bytes));
  }
});
