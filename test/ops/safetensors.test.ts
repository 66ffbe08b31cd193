import {describe, expect, test} from "vitest";
import {decodeSafetensors, encodeSafetensors, SafetensorsError} from "../../src/ops/core/safetensors.ts";

/** A file with this header, as it stands, and so many bytes of data. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const tensor = (offsets: number[], shape: unknown = [2], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: offsets
});

const lengthOf = (value: bigint) => {
  const file = fileOf("{}", 0);
  new DataView(file.buffer).setBigUint64(0, value, true);
  return file;
};

describe("a file that is no safetensors file is told by what is wrong with it", () => {
  const header = (entries: object) => JSON.stringify(entries);
  test.each([
    ["nothing", new Uint8Array(0), "begins with 8 bytes"],
    ["a length beyond the file", lengthOf(1000n), "should be 1000 bytes long"],
    ["an absurd length", lengthOf(2n ** 63n), "bytes long, and the file has 10"],
    ["no JSON", fileOf("{", 0), "is not JSON"],
    ["a list", fileOf("[]", 0), "an object of tensors"],
    ["metadata of numbers", fileOf(header({__metadata__: {a: 1}}), 0), "object of texts"],
    ["an entry that is none", fileOf(header({a: null}), 0), "unknown type undefined"],
    ["an unknown type", fileOf(header({a: tensor([0, 8], [2], "F31")}), 8), "unknown type F31"],
    [
      "a type of the prototype",
      fileOf(header({a: tensor([0, 8], [2], "constructor")}), 8),
      "unknown type constructor"
    ],
    ["a negative size", fileOf(header({a: tensor([0, 8], [-2])}), 8), "no shape of whole numbers"],
    ["a size that is a text", fileOf(header({a: tensor([0, 8], ["2"])}), 8), "no shape of whole numbers"],
    ["no offsets", fileOf(header({a: {dtype: "F32", shape: [2]}}), 8), "where its data begins"],
    ["three offsets", fileOf(header({a: tensor([0, 8, 9])}), 9), "where its data begins"],
    ["offsets backwards", fileOf(header({a: tensor([8, 0])}), 8), "should have 8 bytes"],
    ["a size that does not fit", fileOf(header({a: tensor([0, 4])}), 4), "should have 8 bytes"],
    ["a size beyond all numbers", fileOf(header({a: tensor([0, 8], [2 ** 52, 2 ** 52])}), 8), "should have"],
    ["an overlap", fileOf(header({a: tensor([0, 8]), b: tensor([4, 12])}), 12), "a and b overlap at byte 4"],
    ["a gap", fileOf(header({a: tensor([0, 8]), b: tensor([12, 20])}), 20), "Bytes 8 to 12"],
    ["data cut off", fileOf(header({a: tensor([0, 8])}), 7), "the file is cut off"],
    ["data left over", fileOf(header({a: tensor([0, 8])}), 9), "last 1 bytes"]
  ])("%s", (_what, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(SafetensorsError);
    expect(() => decodeSafetensors(file)).toThrow(message);
  });
});

test("what is written is read again, empty tensors and odd names too", () => {
  const tensors = new Map([
    ["__proto__", {dtype: "F32", shape: [1], bytes: Uint8Array.of(1, 2, 3, 4)}],
    ["empty", {dtype: "F32", shape: [0, 3], bytes: new Uint8Array(0)}],
    ["flags", {dtype: "BOOL", shape: [3], bytes: Uint8Array.of(1, 0, 1)}]
  ]);
  const {tensors: read, metadata} = decodeSafetensors(encodeSafetensors(tensors, {by: "a test"}));
  expect(new Map([...read].sort(([a], [b]) => (a < b ? -1 : 1)))).toEqual(tensors);
  expect(metadata).toEqual({by: "a test"});
});

test("a file written by another program is read", () => {
  // As the reference implementation lays it out: header padded with spaces to eight bytes, little endian.
  const file = fileOf(`${JSON.stringify({w: tensor([0, 8], [2, 1])})}   `, 8);
  new DataView(file.buffer).setFloat32(file.length - 8, 1.5, true);
  const {dtype, shape, bytes} = decodeSafetensors(file).tensors.get("w") ?? {};
  expect([dtype, shape, new Float32Array((bytes as Uint8Array).buffer as ArrayBuffer)[0]]).toEqual([
    "F32",
    [2, 1],
    1.5
  ]);
});
