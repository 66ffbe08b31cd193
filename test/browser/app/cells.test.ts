import {afterEach, beforeEach, expect, test} from "vitest";
import {userEvent} from "vitest/browser";
import {
  button,
  caret,
  cell,
  cells,
  closeApp,
  file,
  notebook,
  openApp,
  order,
  output,
  Profile,
  select
} from "./support.ts";

const source = file("Numbers", "# Text first", "const a = 2;", "display(a * 21);", 'display("last");');
let profile: Profile;

beforeEach(async () => {
  profile = new Profile();
  await profile.write("numbers", source);
  await openApp(profile.tab().services, "#/notebook/numbers");
});
afterEach(closeApp);

test("cells say what they are, in what state, and what can be done", async () => {
  expect(cells().map((each) => each.getAttribute("aria-label")?.replace(/ in [\d.<]+ m?s.*/, ""))).toEqual([
    "Cell 1, Markdown, done",
    "Cell 2, JavaScript, done",
    "Cell 3, JavaScript, done",
    "Cell 4, JavaScript, done"
  ]);
  expect(cells().map(({dataset}) => dataset.state)).toEqual(["done", "done", "done", "done"]);
  expect(cells().map(({sourceOpen}) => sourceOpen)).toEqual([false, true, true, true]);
  expect(output(3)).toBe("42");
  for (const name of ["Run cell", "Add cell below", "More cell actions"]) button(name, cell(3));
  expect(document.title).toBe("Numbers · Petri");
});

test("an edit is stale until it runs, and then what depends on it runs too", async () => {
  await caret(2);
  await userEvent.keyboard(" // more{Backspace>7/}const b = 3;");
  await expect.poll(() => cell(2).dataset.state).toBe("stale");
  expect(output(3)).toBe("42");
  await userEvent.keyboard("{Control>}a{/Control}const a = 3;{Control>}{Enter}{/Control}");
  await expect.poll(() => output(3)).toBe("63");
  expect(cell(2).dataset.state).toBe("done");
  expect(cell(2).editor?.contains(document.activeElement)).toBe(true);
  expect(cell(2).cell.value).toBe("const a = 3;");
});

test("Shift-Enter runs and goes on to the next cell", async () => {
  await caret(2);
  await userEvent.keyboard("{Shift>}{Enter}{/Shift}");
  await expect.poll(() => document.activeElement).toBe(cell(3));
  expect(cell(2).cell.value).toBe("const a = 2;");
});

test("Shift-Enter in the last cell adds one below and goes there", async () => {
  await caret(4);
  await userEvent.keyboard("{Shift>}{Enter}{/Shift}");
  await expect.poll(order).toEqual([1, 2, 3, 4, 5]);
  await expect.poll(() => cell(5).editor?.contains(document.activeElement)).toBe(true);
  expect(cell(4).cell.value).toBe('display("last");');
});

test("undo and redo select the cell that they changed, and keys go on working", async () => {
  await select(2);
  await userEvent.keyboard("p");
  await expect.poll(() => cell(2).cell.pinned).toBe(false);
  await select(4);
  await userEvent.keyboard("z");
  await expect.poll(() => document.activeElement).toBe(cell(2));
  expect(notebook().activeId).toBe(2);
  await select(1);
  await userEvent.keyboard("{Shift>}z{/Shift}");
  await expect.poll(() => document.activeElement).toBe(cell(2));
  await userEvent.keyboard("j");
  await expect.poll(() => document.activeElement).toBe(cell(3));
  await userEvent.keyboard("dd");
  await expect.poll(order).toEqual([1, 2, 4]);
  await userEvent.keyboard("z");
  await expect.poll(() => document.activeElement).toBe(cell(3));
  await userEvent.keyboard("{Shift>}z{/Shift}");
  await expect.poll(order).toEqual([1, 2, 4]);
  await expect.poll(() => document.activeElement).toBe(cell(4));
});

test("running by hand computes again though nothing changed", async () => {
  const before = document.getElementById("cell-4")?.firstChild;
  await userEvent.click(button("Run cell", cell(4)));
  await expect.poll(() => document.getElementById("cell-4")?.firstChild !== before).toBe(true);
});

test("letters work on a selected cell, and not in its source", async () => {
  await caret(2);
  await userEvent.keyboard("jb;{Home}");
  expect(cell(2).cell.value).toBe("const a = 2;jb;");
  await userEvent.keyboard("{Escape}");
  await expect.poll(() => document.activeElement).toBe(cell(2));
  await userEvent.keyboard("j");
  await expect.poll(() => document.activeElement).toBe(cell(3));
  await userEvent.keyboard("k");
  await expect.poll(() => document.activeElement).toBe(cell(2));
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => cell(2).editor?.contains(document.activeElement)).toBe(true);
});

test("a new cell takes the caret, and its kind can be chosen while it is empty", async () => {
  await select(3);
  await userEvent.keyboard("b");
  await expect.poll(order).toEqual([1, 2, 3, 5, 4]);
  await expect.poll(() => cell(5).editor?.contains(document.activeElement)).toBe(true);
  await userEvent.click(button("Markdown", cell(5)));
  await expect.poll(() => cell(5).cell.mode).toBe("md");
  await expect.poll(() => cell(5).editor?.contains(document.activeElement)).toBe(true);
  await userEvent.keyboard("More text{Shift>}{Enter}{/Shift}");
  await expect.poll(() => output(5)).toBe("More text");
  await expect.poll(() => cell(5).sourceOpen).toBe(false);
});

test("a deleted cell comes back with what it showed", async () => {
  const shown = document.getElementById("cell-3")?.firstChild;
  await select(3);
  await userEvent.keyboard("dd");
  await expect.poll(order).toEqual([1, 2, 4]);
  await expect.poll(() => document.activeElement).toBe(cell(4));
  await expect.poll(() => document.querySelector("wa-toast-item")?.textContent).toContain("Cell deleted.");
  await userEvent.keyboard("z");
  await expect.poll(order).toEqual([1, 2, 3, 4]);
  expect(output(3)).toBe("42");
  expect(shown?.isConnected || output(3) === "42").toBe(true);
  await expect.poll(() => document.querySelector("wa-toast-item")).toBeNull();
});

test("cells move by keys, and stay selected", async () => {
  await select(3);
  await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
  await expect.poll(order).toEqual([1, 3, 2, 4]);
  await expect.poll(() => document.activeElement).toBe(cell(3));
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  await expect.poll(order).toEqual([1, 2, 3, 4]);
  expect(output(3)).toBe("42");
});

test("cells move by their grip", async () => {
  const grip = cell(2).querySelector<HTMLElement>("[data-grip]") as HTMLElement;
  // Events made by hand have no pointer that could be captured.
  grip.setPointerCapture = () => {};
  const at = (type: string, y: number) =>
    grip.dispatchEvent(new PointerEvent(type, {bubbles: true, cancelable: true, button: 0, clientY: y}));
  const last = cell(4).getBoundingClientRect();
  at("pointerdown", cell(2).getBoundingClientRect().top);
  at("pointermove", last.bottom - 1);
  expect(cell(4).classList.contains("drop-after")).toBe(true);
  at("pointerup", last.bottom - 1);
  await expect.poll(order).toEqual([1, 3, 4, 2]);
  expect(document.querySelector(".drop-after, .dragging")).toBeNull();
});

test("a cell is cut at the caret and joined again", async () => {
  await caret(2);
  await userEvent.keyboard("{Enter}const b = 5;{Home}{Alt>}{Enter}{/Alt}");
  await expect.poll(order).toEqual([1, 2, 5, 3, 4]);
  expect([cell(2).cell.value, cell(5).cell.value]).toEqual(["const a = 2;", "const b = 5;"]);
  await expect.poll(() => notebook().session?.status(5)?.state).toBe("done");
  await expect.poll(() => cell(5).editor?.contains(document.activeElement)).toBe(true);
  await userEvent.keyboard("{Escape}");
  await expect.poll(() => document.activeElement).toBe(cell(5));
  await userEvent.keyboard("{Shift>}m{/Shift}");
  await expect.poll(order).toEqual([1, 2, 3, 4]);
  expect(cell(2).cell.value).toBe("const a = 2;\nconst b = 5;");
});

test("a caret that is still on its way does not take the focus from a cell selected meanwhile", async () => {
  const elsewhere = cell(2).edit();
  cell(3).focus();
  await elsewhere;
  await cell(2).editor?.load();
  expect(document.activeElement).toBe(cell(3));
  const left = cell(4).edit();
  cell(4).focus();
  await left;
  await cell(4).editor?.load();
  expect(document.activeElement).toBe(cell(4));
  await cell(4).edit();
  await expect.poll(() => cell(4).editor?.contains(document.activeElement)).toBe(true);
});

test("the menu changes a cell's kind, and hides its source", async () => {
  await userEvent.click(button("More cell actions", cell(4)));
  const item = (id: string) =>
    cell(4).querySelector<HTMLElement & {checked: boolean}>(`wa-dropdown-item[value="${id}"]`);
  await expect.poll(() => item("pin-source")?.checkVisibility()).toBe(true);
  expect(item("pin-source")?.checked).toBe(true);
  expect(item("kind-js")?.checked).toBe(true);
  await userEvent.click(item("pin-source") as HTMLElement);
  await expect.poll(() => cell(4).sourceOpen).toBe(false);
  expect(cell(4).cell.pinned).toBe(false);
});

test("stopping a cell leaves the page and says so", async () => {
  await caret(4);
  await userEvent.keyboard("{Control>}a{/Control}await new Promise(() => {{});{Control>}{Enter}{/Control}");
  await expect.poll(() => cell(4).dataset.state).toBe("running");
  await userEvent.click(button("Stop", cell(4)));
  await expect.poll(() => cell(4).getAttribute("aria-label")).toMatch(/stopped/);
  expect(cell(4).dataset.state).toBe("stale");
});

test("the footer names what runs and stops it", async () => {
  await caret(4);
  await userEvent.keyboard(
    "{Control>}a{/Control}const slow = await new Promise(() => {{});{Control>}{Enter}{/Control}"
  );
  const footer = document.querySelector("petri-footer") as HTMLElement;
  await expect.poll(() => footer.textContent).toContain("slow");
  expect(footer.textContent).toMatch(/WebAssembly·SIMD·12 kB/);
  await userEvent.click(button("Stop everything", footer));
  await expect.poll(() => cell(4).dataset.state).toBe("stale");
  await expect.poll(() => footer.textContent).not.toContain("slow");
});

test("the footer tells whose the memory is, the largest part first", () => {
  const memory = [...document.querySelectorAll<HTMLElement>("petri-footer [title]")].find(
    ({textContent}) => textContent === "12 kB"
  );
  expect(memory?.title.split("\n")).toEqual([
    "6 tensors",
    "plans: 9.0 kB, 4 tensors",
    "run 1: 3.0 kB, 2 tensors",
    "held to be used again: 2.0 kB"
  ]);
});

test("an anchor in the text scrolls and keeps the notebook's address", async () => {
  const target = Object.assign(document.createElement("p"), {id: "there"});
  document.getElementById("cell-4")?.append(target);
  location.hash = "#there";
  await expect.poll(() => location.hash).toBe("#/notebook/numbers");
  expect(notebook().open.name).toBe("numbers");
});
