import {expect, test} from "vitest";
import {newTab} from "./support/browser.ts";
import {notebookText, openNotebook, workbench} from "./support/workbench.ts";

const two = notebookText("Two", ["const a = 1;", "display(`a is ${a}`);"]);

test("saving changes the edited cell in the file, and nothing else", async () => {
  const {open, read} = await workbench({two});
  const petri = await open("two");
  await petri.rewrite(1, "const a = 3;");
  await petri.cell(2).getByText("a is 3").waitFor();
  expect(await read("two")).toBe(two);
  await petri.page.keyboard.press("ControlOrMeta+s");
  await petri.page.getByRole("status").getByText("Saved", {exact: true}).waitFor();
  expect(await read("two")).toBe(two.replace("const a = 1;", "const a = 3;"));
  await petri.page.reload();
  await petri.cell(2).getByText("a is 3").waitFor();
});

test("a file that changed on disk is not overwritten without asking", async () => {
  const {open, read, write} = await workbench({two});
  const petri = await open("two");
  await petri.rewrite(1, "const a = 3;");
  const theirs = two.replace("const a = 1;", "const a = 99;");
  await write("two", theirs);
  await petri.page.keyboard.press("ControlOrMeta+s");
  const dialog = petri.page.getByRole("dialog", {name: "The file changed"});
  await dialog.waitFor();
  await petri.page.getByRole("button", {name: "Decide later"}).click();
  await dialog.waitFor({state: "hidden"});
  expect(await read("two")).toBe(theirs);
  await petri.page.keyboard.press("ControlOrMeta+s");
  await petri.page.getByRole("button", {name: "Overwrite with mine"}).click();
  await petri.page.getByRole("status").getByText("Saved", {exact: true}).waitFor();
  expect(await read("two")).toContain("const a = 3;");
});

test("what was typed and not saved is offered again after a crash", async () => {
  const {open, profile, address, read} = await workbench({two});
  const petri = await open("two");
  await petri.rewrite(1, "const a = 7;");
  await petri.cell(2).getByText("a is 7").waitFor();
  await crash(petri.page);
  const again = await openNotebook(profile, address, "two");
  await again.cell(2).getByText("a is 1").waitFor();
  await again.page.getByRole("button", {name: "Restore"}).click();
  await again.source(1).getByText("const a = 7;").waitFor();
  expect(await read("two")).toBe(two);
  await again.page.getByRole("button", {name: "Run all cells"}).click();
  await again.cell(2).getByText("a is 7").waitFor();
  await again.page.keyboard.press("ControlOrMeta+s");
  await again.page.getByRole("status").getByText("Saved", {exact: true}).waitFor();
  expect(await read("two")).toBe(two.replace("const a = 1;", "const a = 7;"));
});

test("a new notebook is written to disk, and the home page lists it", async () => {
  const {address, read} = await workbench({two});
  const page = await newTab();
  await page.goto(address);
  await page.getByRole("link", {name: "Two"}).waitFor();
  await page.getByRole("button", {name: "New notebook"}).click();
  await page.getByRole("group", {name: /^Cell 1,/}).waitFor();
  expect(await read("untitled")).toContain("<title>Untitled</title>");
  await page.goto(`${address}#/`);
  await page.getByRole("link", {name: "Untitled"}).waitFor();
});

/** Kills the page's process, as a crash does: no event reaches the page. */
async function crash(page: import("playwright-core").Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  // Never answered: the page is gone.
  void page.goto("chrome://crash").catch(() => undefined);
  await crashed;
  await page.close();
}
