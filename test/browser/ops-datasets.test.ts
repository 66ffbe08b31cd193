// What browsers do in their own way: gzip streams, the Cache API, files and results of the database.

import {tableFromArrays, tableFromIPC, tableToIPC} from "apache-arrow";
import {afterEach, describe, expect, test} from "vitest";
import {
  configureDatasets,
  csv,
  DatasetError,
  fromTable,
  MissingDataError,
  mnist,
  readSource,
  sha256
} from "../../src/ops/datasets/index.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

afterEach(() => caches.delete("petri-datasets"));

describe("gzip in the browser", () => {
  test("is unpacked, also from a File", async () => {
    const file = new File([await gzipped(bytesOf("a,t\n1,2\n3,4\n"))], "a.csv.gz");
    const data = await csv(file, {target: "t"});
    expect([Array.from(data.inputs), Array.from(data.targets ?? [])]).toEqual([
      [1, 3],
      [2, 4]
    ]);
  });

  test.each([3, 12, 30, -9, -1])("cut at %i it is a DatasetError", async (end) => {
    const packed = await gzipped(bytesOf("some text, ".repeat(100)));
    const error = await readSource(packed.slice(0, end)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain("gzip data is damaged or cut off");
  });

  test("a bomb is not unpacked", async () => {
    const bomb = await gzipped(new Uint8Array(100_000_000));
    await expect(readSource(bomb, () => 1000)).rejects.toThrow("expected at most 1000 bytes when unpacked");
  });
});

test("content whose hash is given comes from the browser's cache the second time", async () => {
  const content = bytesOf("12 apples");
  const source = {source: "data/apples.txt", sha256: await sha256(content)};
  configureDatasets({fetchBytes: async () => content});
  await readSource(source);
  configureDatasets({fetchBytes: () => Promise.reject(new Error("offline"))});
  expect((await readSource(source)).bytes).toEqual(content);
});

test("addresses of other servers are refused before anything is fetched", async () => {
  await expect(readSource("https://elsewhere.test/a.csv")).rejects.toThrow(
    "Nothing is fetched from elsewhere"
  );
  await expect(readSource("/no/such/file.csv")).rejects.toThrow(MissingDataError);
});

test("an Arrow table that came as IPC is a dataset", () => {
  const table = tableFromIPC(tableToIPC(tableFromArrays({x: Float32Array.of(1, 2), kind: ["b", "a"]})));
  const data = fromTable(table, {target: "kind"});
  expect([Array.from(data.inputs), Array.from(data.labels)]).toEqual([
    [1, 2],
    [1, 0]
  ]);
});

test("files are read from a folder of the browser's own file system", async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("mnist", {create: true});
  const header = (magic: number[], sizes: number[]) => [
    ...magic,
    ...sizes.flatMap((size) => [0, 0, 0, size])
  ];
  for (const part of ["train", "t10k"]) {
    const files = {
      [`${part}-images-idx3-ubyte`]: [...header([0, 0, 8, 3], [1, 2, 2]), 0, 255, 0, 255],
      [`${part}-labels-idx1-ubyte`]: [...header([0, 0, 8, 1], [1]), 7]
    };
    for (const [name, bytes] of Object.entries(files)) {
      const stream = await (await folder.getFileHandle(name, {create: true})).createWritable();
      await stream.write(Uint8Array.from(bytes));
      await stream.close();
    }
  }
  const {train} = await mnist({from: folder});
  expect([Array.from(train.inputs), Array.from(train.labels), train.inputShape]).toEqual([
    [0, 1, 0, 1],
    [7],
    [2, 2, 1]
  ]);
});
