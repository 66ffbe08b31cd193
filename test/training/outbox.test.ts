import {afterEach, beforeEach, expect, it, vi} from "vitest";
import type {FromWorker, RowsMessage} from "../../src/training/protocol.ts";
import {Outbox} from "../../src/training/worker/outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const sent: RowsMessage[] = [];
  const clock = {ms: 1000};
  const outbox = new Outbox("r", {
    post: (message: FromWorker) => void sent.push(message as RowsMessage),
    encode: () => new Uint8Array(8),
    memory: () => ({tensors: 0, sizeBytes: 0}),
    now: () => clock.ms
  });
  const add = (fields: Record<string, unknown> = {}) =>
    outbox.add({step: outbox.rowCount, numbers: {loss: 1}, fields});
  return {outbox, sent, clock, add};
}

it("sends the first row at once and then at most every 25 ms", () => {
  const {outbox, sent, clock, add} = open();
  for (let i = 0; i < 200; ++i) {
    add();
    clock.ms += 1;
    outbox.flushIfDue(1);
  }
  expect(sent[0].batch.step.length).toBe(1);
  expect(sent.length).toBe(9);
  expect(sent.slice(1).every(({batch}) => batch.step.length === 24)).toBe(true);
  expect(sent.map(({batch}) => batch.seq)).toEqual([0, 1, 25, 49, 73, 97, 121, 145, 169]);
});

it("sends every 50 ms what comes faster than the page would draw it", () => {
  const {outbox, sent, clock, add} = open();
  for (let i = 0; i < 200; ++i) {
    for (let row = 0; row < 5; ++row) add();
    clock.ms += 1;
    outbox.flushIfDue(1);
  }
  expect(sent.map(({batch}) => batch.step.length)).toEqual([5, 120, 245, 245, 245]);
});

it("does not hold a row back over a step that takes long, or that waits", () => {
  const {outbox, sent, clock, add} = open();
  outbox.flush();
  add();
  outbox.flushIfDue(1);
  expect(sent.length).toBe(1);
  add();
  clock.ms += 5;
  outbox.flushIfDue(60);
  expect(sent.length).toBe(2);
  add();
  vi.advanceTimersByTime(50);
  expect(sent.length).toBe(3);
});

it("makes the run wait while the page has not taken in what was sent", async () => {
  const {outbox, sent, add} = open();
  add({surface: new Float64Array(2 ** 20)});
  outbox.flush();
  expect(outbox.isFull).toBe(true);
  let isOpen = false;
  const credit = outbox.credit().then(() => {
    isOpen = true;
  });
  await Promise.resolve();
  expect(isOpen).toBe(false);
  outbox.acknowledge(sent[0].sizeBytes);
  await credit;
  expect(outbox.isFull).toBe(false);
});

it("keeps a flood of log lines within bounds and says how many were dropped", () => {
  const {outbox, sent} = open();
  outbox.log("log", "first");
  for (let i = 0; i < 5000; ++i) outbox.log("log", "flood");
  outbox.flush();
  expect(sent[1].logs.length).toBe(1001);
  expect(sent[1].logs.at(-1)?.text).toMatch(/^4000 more lines were dropped/);
});
