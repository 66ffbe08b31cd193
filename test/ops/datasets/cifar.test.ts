import {describe, expect, test} from "vitest";
import {cifar, cifar10, configureDatasets, DatasetError} from "../../../src/ops/datasets/index.ts";
import {folderOf, joined} from "./files.ts";

/** A record whose pixel (row 0, column 1) is (10, 20, 30), the others black. */
function record(label: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(3073);
  bytes[0] = label;
  bytes[1 + 1] = 10;
  bytes[1 + 1024 + 1] = 20;
  bytes[1 + 2048 + 1] = 30;
  return bytes;
}

describe("cifar", () => {
  test("brings the three colours of a pixel together, from 0 to 1", async () => {
    const data = await cifar([joined(record(3), record(9)), record(0)]);
    expect(data.inputShape).toEqual([32, 32, 3]);
    expect(Array.from(data.labels)).toEqual([3, 9, 0]);
    expect(data.classes).toContain("cat");
    const pixel = Array.from(data.inputs.subarray(3, 6), (value) => Math.round(value * 255));
    expect(pixel).toEqual([10, 20, 30]);
    expect(data.inputs.filter((value) => value > 0).length).toBe(9);
  });

  test("reads the six files of a folder", async () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, record(i)]));
    const {train, test} = await cifar10({from: folderOf({...files, "test_batch.bin": record(7)})});
    expect(Array.from(train.labels)).toEqual([1, 2, 3, 4, 5]);
    expect(Array.from(test.labels)).toEqual([7]);
  });

  test("says where to get the files when they are not there", async () => {
    configureDatasets({fetchBytes: () => Promise.reject(new Error("404."))});
    await expect(cifar10()).rejects.toThrow(/https:\/\/www\.cs\.toronto\.edu.*data\/cifar-10-batches-bin/);
  });

  test.each([
    [
      "an incomplete record",
      joined(record(1), record(2).slice(0, 3000)),
      "the last record, from byte 3073, is incomplete"
    ],
    ["an empty file", new Uint8Array(), "found 0 bytes"],
    [
      "a label out of range",
      joined(record(1), record(10)),
      "byte 3073: expected a label from 0 to 9, found 10"
    ]
  ])("refuses %s", async (_, file, message) => {
    const error = await cifar(file).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
  });

  test("refuses more images than a dataset holds before it takes memory for them", async () => {
    configureDatasets({fetchBytes: () => Promise.reject(new Error("404.")), largestFile: 4 * 2 * 3073});
    expect((await cifar([record(1), record(2)], "two")).labels.length).toBe(2);
    await expect(cifar([record(1), record(2), record(3)], "three")).rejects.toThrow(
      "three: expected at most 2 images, found 3. Give fewer files at once."
    );
    configureDatasets({fetchBytes: () => Promise.reject(new Error("404."))});
  });
});
