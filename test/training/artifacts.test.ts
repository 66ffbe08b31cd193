import {expect, it} from "vitest";
import {decodeSafetensors, encodeSafetensors, SafetensorsError} from "../../src/ops/core/safetensors.ts";
import {
  checkpointArtifact,
  extrasFromArtifacts,
  extrasToArtifacts
} from "../../src/training/artifacts/extras.ts";
import {decodeValue, encodeValue, NotStorableError} from "../../src/training/artifacts/values.ts";
import type {Extras} from "../../src/training/run-core.ts";

const roundTrip = async (value: unknown) => decodeValue(await encodeValue(value));
const float = (...values: number[]) => ({
  shape: [values.length],
  dtype: "float32",
  values: new Float32Array(values)
});

it("brings values back as they were", async () => {
  const value = {
    numbers: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53],
    none: [null, undefined],
    text: ["", "\u0000", "🧫", "\ud800", '"\\'],
    flags: [true, false],
    big: 2n ** 70n,
    date: new Date(1763687000123),
    noDate: new Date(Number.NaN),
    pattern: /a\/b/gi,
    map: new Map<unknown, unknown>([
      ["a", new Float32Array([1, Number.NaN])],
      [{key: 1}, new Set([1, "2"])]
    ]),
    buffer: new Uint8Array([1, 2, 3]).buffer,
    arrays: [
      new Float64Array([1, 2]),
      new Int32Array([-1]),
      new Uint8Array([255]),
      new Uint8ClampedArray([7]),
      new Int16Array([-3]),
      new Uint16Array([3]),
      new Int8Array([-1]),
      new Uint32Array([2 ** 31]),
      new BigInt64Array([-(2n ** 63n)]),
      new BigUint64Array([2n ** 64n - 1n]),
      new Float32Array(0)
    ],
    tensor: {weight: float(1, 2, 3), mask: {shape: [2], dtype: "bool", values: new Uint8Array([0, 1])}},
    scalar: {shape: [], dtype: "int32", values: new Int32Array([5])},
    words: {shape: [1], dtype: "string", values: ["a"]},
    odd: {$: "tensor", same: 1}
  };
  expect(await roundTrip(value)).toEqual(value);
  expect(Object.is((await roundTrip(-0)) as number, -0)).toBe(true);
});

it("keeps what is the same the same, and cycles", async () => {
  const shared = {a: 1};
  const list: unknown[] = [shared, new Date(0), [shared]];
  list.push(list);
  const back = (await roundTrip(list)) as unknown[];
  expect(back[0]).toBe((back[2] as unknown[])[0]);
  expect(back[3]).toBe(back);
});

it("keeps a field called __proto__ a field", async () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object;
  const back = (await roundTrip(value)) as {polluted?: boolean};
  expect(back.polluted).toBeUndefined();
  expect(Object.keys(back)).toEqual(["__proto__", "a"]);
});

it("keeps files, and says which value it cannot", async () => {
  const back = (await roundTrip({file: new Blob(["abc"], {type: "text/plain"})})) as {file: Blob};
  expect([back.file.type, await back.file.text()]).toEqual(["text/plain", "abc"]);
  await expect(encodeValue({a: [new (class Camera {})()]})).rejects.toThrow(NotStorableError);
  await expect(encodeValue({a: [new (class Camera {})()]})).rejects.toThrow("a.0 is of the kind Camera");
});

it("writes what the format's other readers expect", async () => {
  const bytes = await encodeValue({
    layers: [
      {
        bias: {shape: [3], dtype: "bool", values: new Uint8Array([1, 0, 1])},
        weight: {...float(1, 2), shape: [1, 2]}
      }
    ],
    step: 3
  });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const {__metadata__: metadata, ...tensors} = header;
  expect(length % 8).toBe(0);
  expect(tensors).toEqual({
    "layers.0.weight": {dtype: "F32", shape: [1, 2], data_offsets: [0, 8]},
    "layers.0.bias": {dtype: "BOOL", shape: [3], data_offsets: [8, 11]}
  });
  expect(bytes.byteLength).toBe(8 + length + 11);
  expect(Object.values(metadata).every((word) => typeof word === "string")).toBe(true);
  expect([...new Float32Array(bytes.slice(8 + length, 16 + length).buffer)]).toEqual([1, 2]);
});

it("notices damage at every byte of the lengths and offsets, and reads no half tensor", () => {
  const whole = encodeSafetensors(
    new Map([["a", {dtype: "F32", shape: [2], bytes: new Uint8Array(8).fill(7)}]])
  );
  for (let length = 0; length < whole.length; ++length) {
    expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow(SafetensorsError);
  }
  expect(decodeSafetensors(whole).tensors.get("a")?.bytes).toEqual(new Uint8Array(8).fill(7));
});

const extras = (): Extras => ({
  rows: {small: new Map([[4, {text: "ok"}]]), large: {surface: {row: 4, value: new Float32Array(500)}}},
  checkpoints: new Map([["latest", {name: "latest", step: 4, timeMs: 9, tree: [float(1)], sizeBytes: 4}]]),
  logs: [{timeMs: 1, step: null, level: "log", text: "line\nof two"}]
});

async function stored(value: Extras) {
  const checkpoints = Array.from(value.checkpoints.values(), (each) => checkpointArtifact("r", each));
  const {artifacts, notKept} = await extrasToArtifacts("r", value, 10);
  const artifactsStored = [...(await Promise.all(checkpoints)), ...artifacts].map(({bytes, ...about}) => ({
    ...about,
    sizeBytes: bytes.byteLength,
    read: async (): Promise<Uint8Array | null> => bytes
  }));
  return {artifacts: artifactsStored, notKept};
}

it("keeps a run's fields, checkpoints and log as artifacts", async () => {
  const {artifacts, notKept} = await stored(extras());
  expect(notKept).toEqual([]);
  expect(artifacts.map(({name, type, createdAt}) => [name, type, createdAt])).toEqual([
    ["checkpoint/latest", "checkpoint", 9],
    ["rows", "rows", 10],
    ["log", "log", 10]
  ]);
  const back = await extrasFromArtifacts(artifacts, true);
  expect(back).toMatchObject({rows: extras().rows, logs: extras().logs});
  expect(back?.checkpoints.get("latest")).toMatchObject({
    name: "latest",
    step: 4,
    timeMs: 9,
    tree: [float(1)]
  });
});

it("does not pretend when a piece is missing, but for the log", async () => {
  const {artifacts} = await stored(extras());
  const without = (type: string) =>
    artifacts.map((artifact) => (artifact.type === type ? {...artifact, read: async () => null} : artifact));
  expect(await extrasFromArtifacts(without("rows"), true)).toBeNull();
  expect(await extrasFromArtifacts(without("checkpoint"), true)).toBeNull();
  expect(await extrasFromArtifacts(without("log"), true)).toMatchObject({logs: []});
  expect(await extrasFromArtifacts([], true)).toBeNull();
  expect(await extrasFromArtifacts([], false)).toEqual({rows: null, checkpoints: new Map(), logs: []});
});

it("names what it cannot keep", async () => {
  const value = extras();
  const camera = new (class Camera {})();
  const checkpoint = {name: "camera", step: 1, timeMs: 1, tree: camera as never, sizeBytes: 1};
  await expect(checkpointArtifact("r", checkpoint)).rejects.toThrow(/kind Camera/);
  await expect(checkpointArtifact("r", {...checkpoint, tree: [], sizeBytes: 2 ** 29})).rejects.toThrow(
    "512 MB"
  );
  value.rows?.small.set(5, {camera});
  const {artifacts, notKept} = await stored(value);
  expect(notKept).toEqual([{what: "rows", reason: expect.stringMatching(/kind Camera/)}]);
  expect(artifacts.map(({name}) => name)).toEqual(["checkpoint/latest", "log"]);
});
