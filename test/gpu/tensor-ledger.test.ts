import {beforeAll, beforeEach, expect, it} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import {TensorLedger} from "../../src/gpu/tensor-ledger.ts";
import * as tf from "../../src/gpu/tfjs.ts";

let ledger: TensorLedger;
beforeAll(async () => {
  await openBackend({prefer: "cpu"});
  ledger = new TensorLedger();
});
let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});

it("disposes what was made in an owner's window: results, kept tensors, variables and clones", () => {
  const owner = ledger.makeOwner("run");
  ledger.open(owner);
  const a = tf.keep(tf.tensor1d([1, 2]));
  const v = tf.variable(a);
  v.assign(tf.add(v, 1));
  a.clone();
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  ledger.release(owner);
  expect(tf.memory().numTensors).toBe(before);
  expect(a.isDisposed && v.isDisposed).toBe(true);
});

it("leaves alone what others made, before and beside", () => {
  const older = tf.scalar(1);
  const [one, two] = [ledger.makeOwner("one"), ledger.makeOwner("two")];
  ledger.open(one);
  const ofOne = tf.scalar(2);
  ledger.open(two);
  const ofTwo = tf.add(ofOne, 1);
  ledger.release(one);
  expect([older, ofOne, ofTwo].map(({isDisposed}) => isDisposed)).toEqual([false, true, false]);
  ledger.release(two);
  expect(ofTwo.isDisposed).toBe(true);
  older.dispose();
});

it("forgets what was disposed, so that a long run does not grow", () => {
  const owner = ledger.makeOwner("run");
  ledger.open(owner);
  for (let i = 0; i < 1000; ++i) tf.tidy(() => tf.add(tf.scalar(i), 1)).dispose();
  expect(owner.tensors.size).toBe(0);
  ledger.release(owner);
});

it("closes tidy scopes that were left open", () => {
  const owner = ledger.makeOwner("run");
  ledger.open(owner);
  tf.engine().startScope();
  tf.scalar(1);
  ledger.release(owner);
  expect(tf.engine().state.activeScope).toBeNull();
  expect(tf.memory().numTensors).toBe(before);
});

it("sweeps what a run's forgotten code made after its end", () => {
  const owner = ledger.makeOwner("run");
  ledger.open(owner);
  ledger.release(owner);
  const stray = tf.scalar(1);
  expect(tf.memory().numTensors).toBe(before + 1);
  ledger.sweep();
  expect(stray.isDisposed).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
});

it("tells whose the bytes are", () => {
  const [one, two] = [ledger.makeOwner("one"), ledger.makeOwner("two")];
  ledger.open(one);
  const shared = tf.zeros([10]);
  shared.clone();
  tf.tidy(() => tf.ones([100])).dispose();
  ledger.open(two);
  tf.zeros([3], "bool");
  shared.dispose();
  expect(ledger.memory()).toEqual({one: {tensors: 1, sizeBytes: 40}, two: {tensors: 1, sizeBytes: 3}});
  ledger.release(one);
  ledger.release(two);
  expect(ledger.memory()).toEqual({});
});
