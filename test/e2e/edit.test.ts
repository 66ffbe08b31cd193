import {expect, test} from "vitest";
import {md, notebookText, workbench} from "./support/workbench.ts";

const arithmetic = notebookText("Arithmetic", [
  "const a = 1;",
  "display(a + 1);",
  "display((window.evaluations = (window.evaluations ?? 0) + 1));",
  md("a is ${a}")
]);

test("editing a cell recomputes what depends on it, and nothing else", async () => {
  const {open} = await workbench({arithmetic});
  const petri = await open("arithmetic");
  expect((await petri.settled()).map(({state}) => state)).toEqual(["done", "done", "done", "done"]);
  await petri.rewrite(1, "const a = 41;");
  await petri.cell(2).getByText("42", {exact: true}).waitFor();
  await petri.cell(4).getByText("a is 41").waitFor();
  await petri.settled();
  expect(await petri.page.evaluate("evaluations")).toBe(1);
  expect(petri.errors).toEqual([]);
});

test("an error is shown at its line, and its cell works again when it is mended", async () => {
  const {open} = await workbench({arithmetic});
  const petri = await open("arithmetic");
  await petri.settled();
  await petri.rewrite(1, "const a = 1;\nnull.nothing;");
  await petri.cell(1).getByText("Cannot read properties of null").first().waitFor();
  const [broken, dependent] = await petri.settled();
  expect(broken.error).toMatchObject({name: "TypeError", line: 2});
  expect(dependent.state).toBe("error");
  await petri.rewrite(1, "const a = 2;");
  await petri.cell(2).getByText("3", {exact: true}).waitFor();
});

test("a deleted cell comes back with its result", async () => {
  const {open} = await workbench({arithmetic});
  const petri = await open("arithmetic");
  await petri.settled();
  await petri.cell(3).focus();
  await petri.page.keyboard.press("d");
  await petri.page.keyboard.press("d");
  await petri.cell(4).waitFor({state: "detached"});
  await petri.page.keyboard.press("z");
  await petri.cell(4).waitFor();
  await petri.settled();
  await petri.cell(3).getByText("1", {exact: true}).first().waitFor();
});

test("a new cell is added, run, and defines a name for the others", async () => {
  const {open} = await workbench({arithmetic});
  const petri = await open("arithmetic");
  await petri.settled();
  await petri.cell(4).focus();
  await petri.page.keyboard.press("b");
  await petri.cell(5).waitFor();
  await petri.rewrite(5, "display(`five times a is ${5 * a}`);");
  await petri.cell(5).getByText("five times a is 5").waitFor();
});
