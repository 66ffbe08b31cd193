import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {
  button,
  cell,
  closeApp,
  file,
  notebook,
  openApp,
  output,
  Profile,
  press,
  saveState,
  select,
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

const notice = () => document.querySelector(".notice")?.textContent ?? "";

/** Another program saves the notebook. */
async function saveElsewhere(text: string): Promise<void> {
  const {version} = await profile.storage.read("numbers");
  await profile.storage.write("numbers", text, {version});
}

/** A tab types into the first cell and dies. */
async function crash(keys: string): Promise<void> {
  const tab = profile.tab();
  await openApp(tab.services, "#/notebook/numbers");
  await type(1, keys);
  await notebook().open.journalled();
  tab.die();
  closeApp();
}

test.each([
  ["n", "#/notebook/untitled"],
  ["{Shift>}h{/Shift}", "#/"]
])("edits that were not saved are there again after leaving by %s", async (key, hash) => {
  await openApp(profile.tab().services, "#/notebook/numbers");
  await type(1, "{Backspace}{Backspace}5;");
  await select(2);
  await userEvent.keyboard(key);
  await expect.poll(() => location.hash).toBe(hash);
  await expect
    .poll(() => document.querySelector("petri-cell[data-id='1']")?.textContent ?? "")
    .not.toMatch(/a = /);
  location.hash = "#/notebook/numbers";
  await expect.poll(() => cell(1)?.cell.value).toBe("const a = 5;");
  await expect.poll(() => output(2)).toBe("105");
  expect(saveState()).toBe("unsaved");
  expect(notice()).toBe("");
  await userEvent.keyboard("{Control>}s{/Control}");
  await expect.poll(saveState).toBe("saved");
  expect(await profile.text("numbers")).toBe(source.replace("a = 2", "a = 5"));
});

test("a deleted notebook's unsaved text does not come back under a new one of its name", async () => {
  const {services} = profile.tab();
  await openApp(services, "#/notebook/numbers");
  await type(1, " // old");
  notebook().commands?.deleteNotebook();
  await press("Delete");
  await expect.poll(() => location.hash).toBe("#/");
  await profile.write("numbers", source);
  await openApp(services, "#/notebook/numbers");
  expect(cell(1).cell.value).toBe("const a = 2;");
  expect(saveState()).toBe("saved");
});

test("an unsaved text whose file was deleted is opened, and is no draft any more once it is saved", async () => {
  await crash("{Backspace}{Backspace}5;");
  const {version} = await profile.storage.read("numbers");
  await profile.storage.remove("numbers", {version});
  const {services} = profile.tab();
  await openApp(services, "#/notebook/numbers");
  await expect.poll(() => output(2)).toBe("105");
  expect(saveState()).toBe("unsaved");
  notebook().commands?.save();
  await expect.poll(saveState).toBe("saved");
  expect(await profile.text("numbers")).toContain("a = 5");
  await expect.poll(async () => (await profile.database).getAllKeys("drafts")).toEqual([]);
});

test("a draft of an older text is a conflict when it is saved", async () => {
  await crash("{Backspace}{Backspace}5;");
  const theirs = source.replace("a = 2", "a = 4");
  await saveElsewhere(theirs);
  await openApp(profile.tab().services, "#/notebook/numbers");
  await userEvent.click(button("Restore"));
  await expect.poll(() => cell(1).cell.value).toBe("const a = 5;");
  expect(saveState()).toBe("conflict");
  await userEvent.keyboard("{Control>}s{/Control}");
  await press("Decide later");
  expect(await profile.text("numbers")).toBe(theirs);
  await userEvent.keyboard("{Control>}s{/Control}");
  await press("Overwrite with mine");
  await expect.poll(saveState).toBe("saved");
  expect(await profile.text("numbers")).toBe(source.replace("a = 2", "a = 5"));
});

test("this tab's own draft of an older text is a conflict too", async () => {
  const {services} = profile.tab();
  await openApp(services, "#/notebook/numbers");
  await type(1, "{Backspace}{Backspace}5;");
  await openApp(services, "#/");
  const theirs = source.replace("a = 2", "a = 4");
  await saveElsewhere(theirs);
  await openApp(services, "#/notebook/numbers");
  expect(cell(1).cell.value).toBe("const a = 5;");
  expect(saveState()).toBe("conflict");
  notebook().commands?.save();
  await press("Take the other text");
  await expect.poll(() => output(2)).toBe("84");
  await expect.poll(saveState).toBe("saved");
});

test("each dead tab's draft is decided on by itself", async () => {
  await crash(" // older");
  const other = profile.tab();
  await openApp(other.services, "#/notebook/numbers");
  await userEvent.click(button("Discard"));
  await expect.poll(() => profile.tab().services.journal.recover("numbers")).toEqual([]);
  closeApp();
  other.die();

  const [first, second] = [profile.tab(), profile.tab()];
  await first.services.journal.record("numbers", source.replace("a = 2", "a = 5"), null);
  await second.services.journal.record("numbers", source.replace("a = 2", "a = 6"), null);
  first.die();
  second.die();
  const {services} = profile.tab();
  await openApp(services, "#/notebook/numbers");
  const left = async () => (await services.journal.recover("numbers")).length;
  await userEvent.click(button("Restore"));
  await expect.poll(() => cell(1).cell.value).toBe("const a = 6;");
  await expect.poll(left).toBe(1);
  await expect.poll(() => document.querySelectorAll(".notice").length).toBe(1);
  await userEvent.click(button("Restore"));
  await expect.poll(() => cell(1).cell.value).toBe("const a = 5;");
  await expect.poll(notice).toBe("");
  await expect.poll(left).toBe(0);
});

test("loading a file that changed on disk says what becomes of unsaved edits, and can be undone", async () => {
  const {services} = profile.tab();
  Object.defineProperty(profile.storage, "kind", {value: "server"});
  await openApp(services, "#/notebook/numbers");
  await type(1, "{Backspace}{Backspace}5;");
  await saveElsewhere(source.replace("a = 2", "a = 4"));
  document.dispatchEvent(new Event("visibilitychange"));
  await expect.poll(notice).toMatch(/changed on disk. There are unsaved edits here; undo brings them back/);
  await userEvent.click(button("Load it"));
  await expect.poll(() => output(2)).toBe("84");
  await expect.poll(saveState).toBe("saved");
  expect(notice()).toBe("");
  await expect.poll(() => document.querySelector(".toast-action")?.checkVisibility()).toBe(true);
  await userEvent.click(document.querySelector(".toast-action") as HTMLElement);
  await expect.poll(() => cell(1).cell.value).toBe("const a = 5;");
  expect(saveState()).toBe("unsaved");
});
