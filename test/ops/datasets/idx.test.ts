import {existsSync, readFileSync} from "node:fs";
import {beforeEach, describe, expect, test} from "vitest";
import {
  configureDatasets,
  DatasetError,
  idx,
  MissingDataError,
  mnist
} from "../../../src/ops/datasets/index.ts";
import {folderOf, gzipped, idxFile, joined} from "./files.ts";

const images = idxFile([3, 2, 2], [0, 51, 102, 153, 204, 255, 0, 0, 255, 255, 255, 255]);
const labels = idxFile([3], [7, 0, 9]);

describe("idx", () => {
  test("reads images and labels, packed or not, as numbers from 0 to 1", async () => {
    const data = await idx({images: gzipped(images), labels});
    expect(data.inputShape).toEqual([2, 2]);
    expect(Array.from(data.labels)).toEqual([7, 0, 9]);
    expect(data.classes).toBe(10);
    [0, 0.2, 0.4, 0.6, 0.8, 1].forEach((value, i) => {
      expect(data.inputs[i]).toBeCloseTo(value, 6);
    });
    expect(data.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("reads big-endian floats as they are", async () => {
    const values = new DataView(new ArrayBuffer(8));
    values.setFloat32(0, -1.5);
    values.setFloat32(4, 300);
    const floats = joined(idxFile([2, 1], [], 13), new Uint8Array(values.buffer));
    const data = await idx({images: floats, labels: idxFile([2], [0, 1])});
    expect(Array.from(data.inputs)).toEqual([-1.5, 300]);
  });

  test("answers with the same arrays while they are in use, and reads changed content anew", async () => {
    const first = await idx({images, labels});
    expect(await idx({images: images.slice(), labels})).toBe(first);
    expect(await idx({images, labels, classes: 12})).not.toBe(first);
    expect((await idx({images, labels: idxFile([3], [1, 1, 1])})).labels[0]).toBe(1);
  });
});

describe("damaged IDX files", () => {
  const whole = [...Array(16).keys()];
  test.each(whole)("cut after %i bytes of the header", async (length) => {
    const error = await idx({images: images.slice(0, length), labels}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(`ends within its header, after byte ${length}`);
  });

  test.each(whole)("cut after %i bytes of the header, then packed", async (length) => {
    const error = await idx({images: gzipped(images.slice(0, length)), labels}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(`after byte ${length}`);
  });

  test.each([
    [
      "no images at the end",
      images.slice(0, -1),
      "ends too early: its header (3 x 2 x 2 values) asks for 28 bytes, found 27"
    ],
    ["more than the header says", joined(images, labels), "goes on too long"],
    [
      "another format",
      joined(new Uint8Array([0x89, 0x50, 0x4e, 0x47]), images),
      "bytes 0 to 3: expected the mark of an IDX file (00 00, a type of 08, 09, 0b to 0e, 01 to 08 dimensions), found 89 50 4e 47"
    ],
    ["an unknown type", idxFile([3, 2, 2], [], 10), "found 00 00 0a 03"],
    ["no dimensions", idxFile([], []), "found 00 00 08 00"],
    ["a size of 0", idxFile([3, 0, 2], []), "found 3 x 0 x 2"]
  ])("%s", async (_, file, message) => {
    await expect(idx({images: file, labels})).rejects.toThrow(message);
  });

  test.each([
    ["plain", (file: Uint8Array) => file],
    ["packed", gzipped]
  ])("absurd sizes are refused before anything is allocated (%s)", async (_, pack) => {
    const absurd = pack(idxFile([0xffffffff, 0xffff, 0xffff], [1, 2, 3]));
    await expect(idx({images: absurd as BufferSource as ArrayBuffer, labels})).rejects.toThrow(
      "found 4294967295 x 65535 x 65535. The header is damaged"
    );
  });

  test("what is packed beyond the header's size is not unpacked", async () => {
    const bomb = gzipped(joined(images, new Uint8Array(50_000_000)));
    await expect(idx({images: bomb, labels})).rejects.toThrow("expected at most 28 bytes when unpacked");
  });

  test("gzip cut in the middle says how far it went", async () => {
    const packed = gzipped(images);
    const error = await idx({images: packed.slice(0, 20), labels}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/gzip data is damaged or cut off\. All 20 stored bytes/);
  });

  test.each([
    ["too few labels", idxFile([2], [1, 2]), "expected 3 labels, one an image, found 2"],
    ["images in the place of labels", images, "expected 3 labels, one an image, found 3 x 2 x 2"]
  ])("%s", async (_, file, message) => {
    await expect(idx({images, labels: file})).rejects.toThrow(message);
  });

  test("a label out of range is told by its byte", async () => {
    await expect(idx({images, labels, classes: 9})).rejects.toThrow(
      "byte 10: expected a label from 0 to 8, found 9 (row 2)"
    );
  });
});

describe("values of IDX files", () => {
  const floats = (value: number, type: 13 | 14) => {
    const view = new DataView(new ArrayBuffer(type === 13 ? 8 : 16));
    if (type === 13) view.setFloat32(4, value);
    else view.setFloat64(8, value);
    return joined(idxFile([2, 1], [], type), new Uint8Array(view.buffer));
  };
  test.each<[string, number, 13 | 14, string]>([
    ["no number", Number.NaN, 13, "byte 16: expected a finite number up to 3.4e38, found NaN"],
    ["infinite", Infinity, 13, "byte 16: expected a finite number"],
    ["beyond float32", 1e39, 14, "byte 20: expected a finite number up to 3.4e38, found 1e+39"]
  ])("that are %s are told by their byte", async (_, value, type, message) => {
    const error = await idx({images: floats(value, type), labels: idxFile([2], [0, 1])}).catch((e) => e);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
  });

  test("a label beyond what can be counted is refused", async () => {
    const label = joined(idxFile([1], [], 12), Uint8Array.of(2, 0, 0, 0));
    await expect(idx({images: idxFile([1, 1, 1], [0]), labels: label})).rejects.toThrow(
      "byte 8: expected a label from 0 to 16777215, found 33554432"
    );
  });
});

describe("mnist", () => {
  beforeEach(() => configureDatasets({fetchBytes: () => Promise.reject(new Error("404."))}));

  const files = {
    "train-images-idx3-ubyte.gz": gzipped(images),
    "train-labels-idx1-ubyte": labels,
    "t10k-images-idx3-ubyte": images,
    "t10k-labels-idx1-ubyte.gz": gzipped(idxFile([3], [0, 1, 2]))
  };

  test("is read from a folder that was picked, packed or not", async () => {
    const {train, test} = await mnist({from: folderOf(files)});
    expect(train.inputShape).toEqual([2, 2, 1]);
    expect(train.classes).toBe(10);
    expect(Array.from(test.labels)).toEqual([0, 1, 2]);
    expect(test.name).toBe("MNIST (test)");
    expect(train.attribution).toContain("LeCun");
  });

  test("is read from data/mnist of the notebooks' folder", async () => {
    configureDatasets({
      fetchBytes: async (path) => {
        const file = files[path.replace("data/mnist/", "") as keyof typeof files];
        if (!file) throw new Error(`no ${path}.`);
        return file;
      }
    });
    expect((await mnist()).train.labels.length).toBe(3);
  });

  test("says where to get the files and where to put them when they are not there", async () => {
    const error = await mnist().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(MissingDataError);
    expect(error.message).toContain("train-images-idx3-ubyte.gz");
    expect(error.message).toContain("https://storage.googleapis.com/cvdf-datasets/mnist/");
    expect(error.message).toContain("put them into data/mnist in the notebooks' folder");
  });

  test("refuses a label file of another set", async () => {
    const wrong = {...files, "train-labels-idx1-ubyte": idxFile([3], [1, 10, 2])};
    await expect(mnist({from: folderOf(wrong)})).rejects.toThrow(
      "byte 9: expected a label from 0 to 9, found 10"
    );
  });

  test("refuses values that are no images", async () => {
    const flat = {...files, "t10k-images-idx3-ubyte": idxFile([3, 4], new Array(12).fill(0))};
    await expect(mnist({from: folderOf(flat)})).rejects.toThrow(
      "t10k-images-idx3-ubyte: expected images, found values of shape [4]"
    );
  });

  test("says of a folder that may not be read that it was refused, and of a damaged file no other", async () => {
    const refused = Object.assign(folderOf(files), {
      getFileHandle: () => Promise.reject(new DOMException("no permission.", "NotAllowedError"))
    });
    await expect(mnist({from: refused})).rejects.toThrow("The folder picked may not be read: no permission.");
    const looked: string[] = [];
    configureDatasets({
      fetchBytes: (path) => {
        looked.push(path);
        return Promise.reject(new DatasetError("too large"));
      }
    });
    await expect(mnist()).rejects.toThrow(/^too large$/);
    expect(looked.every((path) => path.endsWith(".gz"))).toBe(true);
  });

  const real = new URL("../../../../shared/data/mnist/", import.meta.url);
  const isHere = existsSync(real);
  test.skipIf(!isHere)(
    `the published files have the published counts${isHere ? "" : " (skipped: there is no MNIST beside the project)"}`,
    async () => {
      configureDatasets({
        fetchBytes: async (path) => readFileSync(new URL(path.replace("data/mnist/", ""), real))
      });
      const {train, test} = await mnist();
      const counts = new Array(10).fill(0);
      for (const label of train.labels) ++counts[label];
      expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
      expect([train.inputShape, test.labels.length]).toEqual([[28, 28, 1], 10_000]);
      // The mean pixel of the training images as it is commonly published.
      expect(train.inputs.reduce((sum, value) => sum + value, 0) / train.inputs.length).toBeCloseTo(
        0.1307,
        4
      );
    }
  );
});
