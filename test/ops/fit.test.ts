import {describe, expect, test} from "vitest";
import type {FitRow} from "../../src/ops/core/index.ts";
import {ops} from "../../src/ops/index.ts";
import {BACKENDS, datasetsFromDisk, use} from "./support.ts";

datasetsFromDisk();

describe.each(BACKENDS)("fit on %s", (backend) => {
  test("learns the digits to 95% and leaves no tensor", async () => {
    await use(backend);
    const {train, test: held} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
    const before = ops.tf.memory();
    const training = ops.fit(ops.mlp([64, 32, 10]), train, {epochs: 20, test: held, key: ops.key(1)});
    let last: FitRow | undefined;
    for await (const row of training) last = row;
    expect(last?.testAccuracy).toBeGreaterThan(0.95);
    expect(last?.progress).toBe(1);
    training.dispose();
    expect(ops.tf.memory().numTensors).toBe(before.numTensors);
    expect(ops.tf.memory().numBytes).toBe(before.numBytes);
  }, 30_000);
});
