import {afterEach, expect, it} from "vitest";
import {placeOf, scopeOf} from "../../src/runtime/capture.ts";
import type {Run} from "../../src/training/run.ts";
import {TestSession} from "../runtime/harness.ts";
import {closePages, openPage, rejection} from "./support/page.ts";

afterEach(closePages);

it.each([
  ["js", "const k = 1;\nfunction helper(x) {\n  return x.y.z;\n}", 3],
  ["js", "const helper = (x) => {\n  return x.y.z;\n}, k = 1;", 2],
  ["js", "class Net {\n  go(x) {\n    return x.y.z;\n  }\n}\nconst helper = (x) => new Net().go(x);", 3],
  ["ts", "interface A {\n  b: 1;\n}\nfunction helper(x: any) {\n\n  return x.y.z;\n}", 6]
] as const)("places what fails in another cell's helper: %s %s", async (mode, source, line) => {
  const {trainer} = openPage({scopeOf, originOf: placeOf});
  const runs: Run[] = [];
  const t = await new TestSession(
    [
      [1, source, mode],
      [2, "train(function* () {\n  yield {step: 1};\n  helper({});\n})"]
    ],
    {
      cellBuiltins: {
        train:
          ({cellId, signal, waitUntil, fail}) =>
          (fn: () => unknown) => {
            const run = trainer.train(fn, {}, {cellId, signal});
            runs.push(run);
            waitUntil(run.then(null, fail));
          }
      }
    }
  ).run();
  expect(await rejection(runs[0])).toMatchObject({cellId: 1, line});
  expect(t.session.status(2)).toMatchObject({
    state: "error",
    error: {message: expect.stringMatching(new RegExp(`\\(in cell 1, line ${line}\\)$`)), cells: [1]}
  });
});
