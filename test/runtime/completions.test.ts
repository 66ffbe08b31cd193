import {expect, test} from "vitest";
import {completeNames} from "../../src/runtime/completions.ts";
import {type CellSpec, TestSession} from "./harness.ts";

async function complete(specs: CellSpec[], path: string[], prefix: string, cellId = 99) {
  const {session} = new TestSession(specs);
  await session.run();
  await session.settled();
  const ops = async () => ({pruning: {prune() {}, applyMasks() {}}, mlp() {}});
  const names = await completeNames(session, {cellId, path, prefix, elsewhere: {ops}});
  session.dispose();
  return names.map(({label}) => label);
}

test("completes the names of other cells, not those of the cell itself", async () => {
  const specs: CellSpec[] = [
    [1, "const width2 = 1"],
    [2, "const width3 = 2"]
  ];
  expect(await complete(specs, [], "width", 2)).toContain("width2");
  expect(await complete(specs, [], "width", 2)).not.toContain("width3");
});

test("completes builtins and hides the compiler's own", async () => {
  expect(await complete([], [], "dis")).toEqual(["display"]);
  expect(await complete([], [], "__")).toEqual([]);
});

test("completes members of a value that is there, inherited ones too", async () => {
  const specs: CellSpec[] = [
    [1, "const table = new (class Table { get rowCount() { return 1; } rowAt() {} })()"]
  ];
  expect((await complete(specs, ["table"], "row")).sort()).toEqual(["rowAt", "rowCount"]);
});

test("completes what only a training function knows, at any depth", async () => {
  expect(await complete([], ["ops"], "m")).toEqual(["mlp"]);
  expect(await complete([], ["ops", "pruning"], "p")).toEqual(["prune"]);
});

test("waits for no value that is still to come", async () => {
  const {session} = new TestSession([[1, "const slow = new Promise(() => {})"]]);
  await session.run();
  expect(await completeNames(session, {cellId: 2, path: ["slow"], prefix: ""})).toEqual([]);
  session.dispose();
});

test("has nothing to say of what does not exist", async () => {
  expect(await complete([], ["nowhere", "to"], "")).toEqual([]);
});
