import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {
  button,
  caret,
  cell,
  choose,
  closeApp,
  dialog,
  file,
  fill,
  notebook,
  openApp,
  output,
  Profile,
  press,
  saveState,
  type
} from "./support.ts";

const source = file("Numbers", "const a = 2;", "display(a * 21);");
let profile: Profile;

beforeEach(async () => {
  profile = new Profile();
  await profile.write("numbers", source);
});
afterEach(() => {
  vi.restoreAllMocks();
  closeApp();
});

test("saving writes what was typed, and only that", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  expect(saveState()).toBe("saved");
  await type(1, "{Backspace}{Backspace}3;");
  expect(saveState()).toBe("unsaved");
  expect(await profile.text("numbers")).toBe(source);
  await userEvent.keyboard("{Control>}s{/Control}");
  await expect.poll(saveState).toBe("saved");
  expect(await profile.text("numbers")).toBe(source.replace("a = 2", "a = 3"));
});

test("saving twice at once is no conflict", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await type(1, " // a{Control>}s{/Control} b{Control>}ss{/Control}");
  await expect.poll(saveState).toBe("saved");
  expect(dialog()).toBeNull();
  expect(await profile.text("numbers")).toBe(source.replace("a = 2;", "a = 2; // a b"));
});

test("typing back what was saved is saved", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await type(1, "x");
  expect(saveState()).toBe("unsaved");
  await userEvent.keyboard("{Backspace}");
  await expect.poll(saveState).toBe("saved");
});

test("a text saved elsewhere is not overwritten without asking", async () => {
  const theirs = source.replace("a = 2", "a = 4");
  await openApp(profile.tab().services, "#/notebook/numbers");
  const {version} = await profile.storage.read("numbers");
  await profile.storage.write("numbers", theirs, {version});
  await type(1, "{Backspace}{Backspace}3;");
  await userEvent.keyboard("{Control>}s{/Control}");
  await press("Decide later");
  expect(await profile.text("numbers")).toBe(theirs);
  expect(saveState()).toBe("conflict");
  await caret(1);
  await userEvent.keyboard("{Control>}s{/Control}");
  await press("Overwrite with mine");
  await expect.poll(saveState).toBe("saved");
  expect(await profile.text("numbers")).toBe(source.replace("a = 2", "a = 3"));
});

test("the other text can be taken instead", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  const {version} = await profile.storage.read("numbers");
  await profile.storage.write("numbers", source.replace("a = 2", "a = 4"), {version});
  await type(1, " ");
  await userEvent.keyboard("{Control>}s{/Control}");
  await press("Take the other text");
  await expect.poll(() => output(2)).toBe("84");
  await expect.poll(saveState).toBe("saved");
  // What was typed is one undo away.
  await expect.poll(() => document.querySelector("wa-toast-item")?.textContent).toContain("unsaved edits");
  notebook().commands?.undo();
  await expect.poll(() => cell(1).cell.value).toBe("const a = 2; ");
  expect(saveState()).toBe("unsaved");
});

test("what was typed is journalled before it runs, and offered after a crash", async () => {
  const first = profile.tab();
  await openApp(first.services, "#/notebook/numbers");
  await type(1, "{Backspace}{Backspace}5;{Control>}{Enter}{/Control}");
  await expect.poll(() => output(2)).toBe("105");
  first.die();
  await openApp(profile.tab().services, "#/notebook/numbers");
  expect(output(2)).toBe("42");
  expect(document.querySelector(".notice")?.textContent).toMatch(/unsaved changes from just now/);
  await userEvent.click(button("Restore"));
  await expect.poll(() => cell(1).cell.value).toBe("const a = 5;");
  await expect.poll(() => document.querySelector(".notice")).toBeNull();
  expect(saveState()).toBe("unsaved");
  // Taken over by this tab: it survives the next crash too, and one undo takes it back.
  notebook().commands?.undo();
  await expect.poll(() => cell(1).cell.value).toBe("const a = 2;");
});

test("unsaved text that is not wanted is offered once", async () => {
  const first = profile.tab();
  await openApp(first.services, "#/notebook/numbers");
  await type(1, " // draft");
  await notebook().open.journalled();
  first.die();
  await openApp(profile.tab().services, "#/notebook/numbers");
  await userEvent.click(button("Discard"));
  await expect.poll(() => document.querySelector(".notice")).toBeNull();
  await expect.poll(() => profile.tab().services.journal.recover("numbers")).toEqual([]);
});

test("a live window's work is not offered to another", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await type(1, " // mine");
  await notebook().open.journalled();
  await openApp(profile.tab().services, "#/notebook/numbers");
  expect(document.querySelector(".notice")).toBeNull();
});

test.each(["rename-notebook", "duplicate-notebook"])(
  "%s asks for a name that can be typed over at once",
  async (action) => {
    await openApp(profile.tab().services, "#/notebook/numbers");
    await choose(action);
    const input = () =>
      dialog()?.querySelector("wa-input")?.shadowRoot?.activeElement as HTMLInputElement | null;
    await expect.poll(() => input()?.selectionEnd).toBeGreaterThan(0);
    expect(input()?.selectionStart).toBe(0);
    await userEvent.keyboard("figures{Enter}");
    await expect.poll(() => location.hash).toBe("#/notebook/figures");
  }
);

test("renaming keeps the page and changes the address", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  const before = document.getElementById("cell-2");
  await choose("rename-notebook");
  await fill("no good");
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => document.querySelector(".dialog-problem")?.textContent).toMatch(/letters, digits/);
  await fill("figures");
  await press("Rename");
  await expect.poll(() => location.hash).toBe("#/notebook/figures");
  expect((await profile.storage.list()).map(({name}) => name)).toEqual(["figures"]);
  expect(document.getElementById("cell-2")).toBe(before);
});

test("a copy is saved under its own name and opened", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await choose("duplicate-notebook");
  await press("Save copy");
  await expect.poll(() => location.hash).toBe("#/notebook/numbers-2");
  await expect.poll(() => document.querySelector("petri-notebook")?.statuses.length).toBe(2);
  expect(await profile.text("numbers-2")).toBe(source);
});

test("a deleted notebook can be had back", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await choose("delete-notebook");
  await press("Delete");
  await expect.poll(() => location.hash).toBe("#/");
  expect(await profile.storage.list()).toEqual([]);
  await expect.poll(() => document.querySelector(".toast-action")?.checkVisibility()).toBe(true);
  await userEvent.click(document.querySelector(".toast-action") as HTMLElement);
  await expect.poll(() => location.hash).toBe("#/notebook/numbers");
  expect(await profile.text("numbers")).toBe(source);
});

test("the title is edited in its place", async () => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  const title = document.querySelector(".bar-title") as HTMLInputElement;
  await userEvent.fill(title, "Figures");
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => document.title).toBe("Figures · Petri");
  expect(notebook().open.text).toContain("<title>Figures</title>");
});

test("says so when there is no such notebook", async () => {
  const opened = openApp(profile.tab().services, "#/notebook/nothing");
  await expect(opened).rejects.toThrow(/nothing/);
  await expect
    .poll(() => document.querySelector("petri-notebook main")?.textContent)
    .toMatch(/no notebook “nothing”/);
});

test("a file of the same site is opened by its address, and saved as a copy", async () => {
  const fetched = vi.spyOn(window, "fetch").mockImplementation(async () => new Response(source));
  await openApp(profile.tab().services, `#/notebook?url=${encodeURIComponent("lab/numbers.html")}`);
  expect(fetched.mock.calls[0][0]).toBe(new URL("lab/numbers.html", document.baseURI).href);
  expect(output(2)).toBe("42");
  await userEvent.click(button("Save a copy"));
  await fill("mine");
  await press("Save copy");
  await expect.poll(() => location.hash).toBe("#/notebook/mine");
  expect(await profile.text("mine")).toBe(source);
});

test("an address of another site is refused, with what to do", async () => {
  const fetched = vi.spyOn(window, "fetch");
  const opened = openApp(profile.tab().services, "#/notebook?url=https://elsewhere.example/x.html");
  await expect(opened).rejects.toThrow(/Download the file and import it/);
  expect(fetched).not.toHaveBeenCalled();
});
