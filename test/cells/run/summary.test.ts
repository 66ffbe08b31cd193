import {expect, expectTypeOf, it} from "vitest";
import {paramChips} from "../../../src/cells/run/params.ts";
import {headline, summarize} from "../../../src/cells/run/summary.ts";
import {isRunView, type RunView} from "../../../src/cells/run/types.ts";
import type {Run} from "../../../src/training/run.ts";
import {FakeRun} from "./fake-run.ts";

const day = 86_400_000;

function finished(): FakeRun {
  const run = new FakeRun();
  run.add(0, {loss: 2, accuracy: 0.1, testAccuracy: 0.1});
  run.add(1, {loss: 1, accuracy: 0.97});
  run.add(2, {loss: 0.5, accuracy: 0.98, testAccuracy: 0.962});
  run.end("completed", 13_300);
  return run;
}

it("a finished run is one line: how well, how long, on what", () => {
  expect(summarize(finished(), 13_400)).toEqual(["test accuracy 0.962", "12.3 s", "webgpu"]);
});

it("a run from the store says so and since when", () => {
  const run = finished();
  run.fromCache = true;
  expect(summarize(run, 13_300 + 2 * day + 1).at(-1)).toBe(
    "from cache, computed 2 days ago on webgpu, NVIDIA H100"
  );
});

it("a run that did not complete says where it ended", () => {
  const run = finished();
  run.end("diverged", 13_300);
  expect(summarize(run, 0)[0]).toBe("diverged at step 2");
  expect(summarize(new FakeRun({status: "interrupted", backend: null}), 0)).toEqual(["interrupted"]);
});

it("the headline is held-out accuracy, else accuracy, else loss, else the first", () => {
  expect(headline(["loss", "testAccuracy", "accuracy"])).toBe("testAccuracy");
  expect(headline(["sparsity", "loss"])).toBe("loss");
  expect(headline(["round", "sparsity"])).toBe("sparsity");
  expect(headline([])).toBeNull();
});

it("chips show the old value of what changed, and only of that", () => {
  expect(paramChips({sparsity: 0.5, width: 300, depth: 2}, {sparsity: 0.9, width: 300})).toEqual([
    {name: "sparsity", value: "0.5", was: "0.9"},
    {name: "width", value: "300", was: null},
    {name: "depth", value: "2", was: null}
  ]);
});

it("a run is known by its shape, and the client's is one", () => {
  expectTypeOf<Run>().toExtend<RunView>();
  expect(isRunView(new FakeRun())).toBe(true);
  expect(isRunView({record: {runId: "x"}})).toBe(false);
  expect(isRunView(null)).toBe(false);
});
