import {expect} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

/** The backends that Node has; test/browser/ops.test.ts runs the same cases on webgpu. */
export const NODE_BACKENDS: readonly BackendName[] = ["cpu", "wasm"];

/** What was opened here, by name. */
const opened = new Map<BackendName, unknown>();

/**
 * Makes a backend the current one, or fails. tfjs then checks every kernel for leaks, as long as `checked` is not false.
 * It is opened once only: another device would have to compile again what this one has compiled.
 */
export async function use(name: BackendName, {checked = true} = {}): Promise<void> {
  const {tf} = ops;
  if (!opened.has(name) || opened.get(name) !== tf.findBackend(name)) {
    const info = await openBackend({prefer: name});
    if (info.name !== name) throw new Error(`No ${name} here: ${JSON.stringify(info.refused)}`);
    opened.set(name, tf.backend());
  }
  await tf.setBackend(name);
  tf.env().set("IS_TEST", checked);
}

/** A tensor as fixtures hold it. */
export interface Stored {
  shape: number[];
  dtype: string;
  data: (number | string | boolean)[];
}

/** A reference case: see test/fixtures/README.md. */
export interface Fixture {
  name: string;
  params: Record<string, unknown>;
  inputs: Record<string, Stored>;
  outputs: Record<string, Stored>;
}

const files = import.meta.glob<Fixture>("../fixtures/*/*.json", {eager: true, import: "default"});

/** The case of that name, e.g. "core/sgd". */
export function fixture(name: string): Fixture {
  const found = files[`../fixtures/${name}.json`];
  if (!found) throw new Error(`There is no fixture ${name}.`);
  return found;
}

/** The numbers of a stored tensor. */
export function numbers(stored: Stored | undefined): number[] {
  if (!stored) throw new Error("The fixture has no such tensor.");
  return stored.data.map(Number);
}

/** A stored tensor on the current backend. */
export function tensor(stored: Stored | undefined): Tensor {
  const dtype = stored?.dtype === "int64" ? "int32" : "float32";
  return ops.tf.tensor(numbers(stored), stored?.shape, dtype);
}

/** Weights stored (out, in) as a kernel (in, out). */
export function kernel(stored: Stored | undefined): Tensor {
  return ops.tf.tidy(() => tensor(stored).transpose());
}

/** Compares a tensor with reference numbers at float32 tolerances. */
export async function expectClose(
  actual: Tensor,
  expected: Stored | readonly number[] | undefined,
  {rtol = 1e-4, atol = 1e-5} = {}
): Promise<void> {
  const wanted = Array.isArray(expected) ? expected : numbers(expected as Stored);
  const values = Array.from(await actual.data());
  expect(values.length).toBe(wanted.length);
  values.forEach((value, i) => {
    const want = wanted[i] as number;
    const error = Math.abs(value - want);
    if (!(error <= atol + rtol * Math.abs(want))) expect(value, `element ${i}`).toBe(want);
  });
}

/** Runs a test body and fails if it leaves tensors behind. */
export function withoutLeak(body: () => Promise<void>): () => Promise<void> {
  return async () => {
    const before = ops.tf.memory();
    const engine = ops.tf.engine();
    engine.startScope();
    try {
      await body();
    } finally {
      engine.endScope();
    }
    expect(ops.tf.memory().numTensors).toBe(before.numTensors);
  };
}

/** Leaves memory of these sizes full of sevens, which the next tensors of the same size may be handed. */
export function spoilMemory(...sizes: number[]): void {
  const {tf} = ops;
  tf.tidy(() => {
    for (const size of sizes) tf.add(tf.fill([size], 3), 4);
  });
}
