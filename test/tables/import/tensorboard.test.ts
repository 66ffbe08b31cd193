import {expect, test} from "vitest";
import {crc32c, maskedCrc32c} from "../../../src/tables/import/crc32c.ts";
import {
  scalarEvent,
  sessionEndEvent,
  sessionStartEvent,
  versionEvent
} from "../../../src/tables/import/event.ts";
import {importRuns} from "../../../src/tables/import/import-runs.ts";
import {double, float, message, nested, whole} from "../../../src/tables/import/protobuf.ts";
import {writeRecords} from "../../../src/tables/import/tfrecord.ts";
import {collect, paramsOf} from "./support.ts";

const text = (words: string) => new TextEncoder().encode(words);

test("the CRC-32C of known texts is the known one", () => {
  // Check value of the CRC catalogue, and RFC 3720 B.4's for 32 zero bytes.
  expect(crc32c(text("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  // The head of every event file: a record of 24 bytes, as TensorFlow writes it.
  expect(maskedCrc32c(Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0))).toBe(0x224b7fa3);
});

/** An event as TensorBoard 1 wrote scalars. */
const oldEvent = (time: number, step: number, tag: string, value: number) =>
  message(double(1, time), whole(2, step), nested(5, nested(1, message(nested(1, tag), float(2, value)))));

function eventFile(path: string, events: Uint8Array[]): File {
  const bytes = writeRecords([versionEvent(1_700_000_000), ...events]);
  const file = new File([bytes as Uint8Array<ArrayBuffer>], path.split("/").at(-1) ?? path);
  return Object.defineProperty(file, "webkitRelativePath", {value: path});
}

test("event files give a run a folder, scalars in both forms, and hyperparameters", async () => {
  const all = await collect(
    importRuns([
      eventFile("logs/a/train/events.out.tfevents.1.x", [
        sessionStartEvent({values: {lr: 0.5, name: "tiny", bias: true}, startTime: 1_700_000_000.5}),
        oldEvent(1_700_000_001.5, 1, "loss", 0.5),
        scalarEvent(1_700_000_002, 2, {tag: "loss", value: Number.NaN}, true),
        scalarEvent(1_700_000_003, 2 ** 40, {tag: "loss", value: Number.NEGATIVE_INFINITY}, false),
        sessionEndEvent(1_700_000_004, 2)
      ]),
      eventFile("logs/b/events.out.tfevents.2.x", [oldEvent(1_700_000_001, 0, "größe", 2)])
    ])
  );
  expect(all.experiments.map(({name}) => name)).toEqual(["logs"]);
  expect(all.runs.map(({name, status, last_step}) => [name, status, last_step])).toEqual([
    ["a/train", "failed", 2 ** 40],
    ["b", "completed", 0]
  ]);
  const [a, b] = all.runs.map(({run_id}) => run_id);
  expect(all.metrics[a]).toEqual([
    ["loss", 1, 1_700_000_001_500, 0.5],
    ["loss", 2, 1_700_000_002_000, Number.NaN],
    ["loss", 2 ** 40, 1_700_000_003_000, Number.NEGATIVE_INFINITY]
  ]);
  expect(all.metrics[b]).toEqual([["größe", 0, 1_700_000_001_000, 2]]);
  expect(paramsOf(all, a)).toEqual({
    lr: ["number", "0.5", 0.5],
    name: ["string", "tiny", null],
    bias: ["boolean", "true", 1]
  });
});

test("a tensor with dimensions and a histogram are named in the report, not guessed at", async () => {
  const matrix = message(whole(1, 1), nested(2, nested(2, whole(1, 2))), nested(4, new Uint8Array(8)));
  const all = await collect(
    importRuns(
      eventFile("events.out.tfevents.1.x", [
        message(double(1, 1), nested(5, nested(1, message(nested(1, "weights"), nested(8, matrix))))),
        message(
          double(1, 1),
          nested(5, nested(1, message(nested(1, "spread"), nested(5, new Uint8Array(3)))))
        )
      ])
    )
  );
  expect(all.metrics).toEqual({});
  expect(all.notes.join()).toContain("weights, spread");
});

test("the begin of a record at the end of a file is left out, and said", async () => {
  const whole = eventFile("events.out.tfevents.1.x", [oldEvent(1, 0, "a", 1), oldEvent(2, 1, "a", 2)]);
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const last = writeRecords([oldEvent(2, 1, "a", 2)]).length;
  for (const cut of [1, 4, 5, last - 13, last - 1]) {
    const all = await collect(
      importRuns(new File([bytes.subarray(0, bytes.length - cut)], "events.out.tfevents.1.x"))
    );
    expect(Object.values(all.metrics)).toEqual([[["a", 0, 1000, 1]]]);
    expect(all.notes.join()).toContain(`the last ${last - cut} bytes`);
  }
});

test("a flipped bit is found at its record", async () => {
  const bytes = new Uint8Array(await eventFile("e.tfevents", [oldEvent(1, 0, "a", 1)]).arrayBuffer());
  const first = writeRecords([versionEvent(1_700_000_000)]).length;
  for (const at of [first, first + 9, first + 14, bytes.length - 1]) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x10;
    await expect(collect(importRuns(new File([damaged], "e.tfevents")))).rejects.toThrow(
      new RegExp(`e.tfevents, byte ${at < first + 12 ? first : first + 12}: the .* has the checksum 0x`)
    );
  }
});

test("a record that is no event is said with its number", async () => {
  const bytes = writeRecords([versionEvent(1), Uint8Array.of(0x0b, 1)]);
  await expect(
    collect(importRuns(new File([bytes as Uint8Array<ArrayBuffer>], "e.tfevents")))
  ).rejects.toThrow(
    /e.tfevents, record 2: expected a field of protobuf at byte 1 of a record, found wire type 3/
  );
});
