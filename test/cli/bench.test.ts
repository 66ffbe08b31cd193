import {expect, test} from "vitest";
import {bench} from "../../src/cli/commands/bench.ts";

test("an unknown subject is told with those there are", async () => {
  await expect(bench(["nothing"])).rejects.toThrow(/Name one subject.*runtime, tables, .*gpu, gpu-node/);
});

test("an unknown part of a subject is told with those there are, before anything is measured", async () => {
  await expect(bench(["gpu", "packing", "nothing"])).rejects.toThrow(
    'gpu has no part "nothing". Its parts: steps, wasm steps, matmul, packing, fit.'
  );
});
