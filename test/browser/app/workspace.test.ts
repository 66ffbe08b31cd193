import axe from "axe-core";
import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import type {PetriApp} from "../../../src/cells/app/petri-app.ts";
import type {PetriWorkspace} from "../../../src/cells/app/workspace/petri-workspace.ts";
import {FakeWorkspace} from "./fake-workspace.ts";
import {button, caret, cell, closeApp, dialog, file, openApp, Profile} from "./support.ts";

const day = 86_400_000;
let workspace: FakeWorkspace;
let app: PetriApp;

const panel = () => document.querySelector("petri-workspace");
const words = () => panel()?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const news = () => panel()?.querySelector(".ws-news")?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const rows = () =>
  Array.from(document.querySelectorAll(".ws-runs tbody tr"), (row) =>
    row.querySelector(".ws-name")?.textContent?.trim()
  );
const box = (name: string) =>
  document.querySelector<HTMLInputElement>(`input[aria-label="${name}"]`) as HTMLInputElement;
const footer = () => document.querySelector<HTMLElement>("petri-footer .footer-store") as HTMLElement;

async function open(): Promise<void> {
  await userEvent.click(footer());
  await expect
    .poll(() => panel()?.querySelector(".ws-runs, .ws-clean, .ws-hint")?.checkVisibility())
    .toBe(true);
  await expect.poll(() => panel()?.querySelector(".ws-busy")).toBeNull();
}

/** Answers the dialog above the panel. */
async function answer(label: string): Promise<void> {
  const find = () =>
    Array.from(document.querySelectorAll<HTMLElement>("wa-dialog wa-button")).find(
      (each) => each.textContent?.trim() === label
    );
  await expect.poll(() => find()?.checkVisibility()).toBe(true);
  await userEvent.click(find() as HTMLElement);
}

function drop(target: EventTarget, ...names: string[]): void {
  const dataTransfer = new DataTransfer();
  for (const name of names)
    dataTransfer.items.add(new File(["x"], name, {type: name.endsWith("html") ? "text/html" : ""}));
  target.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
}

type Tree = {[name: string]: Tree | null};

/** Entries as the browser gives them for what is dropped from a disk; two at a time. */
function entryOf(name: string, tree: Tree | null, folder = ""): object {
  const fullPath = `${folder}/${name}`;
  if (!tree) {
    const file = (take: (file: File) => void) => take(new File(["x"], name));
    return {name, fullPath, isDirectory: false, file};
  }
  const createReader = () => {
    const left = Object.entries(tree).map(([child, below]) => entryOf(child, below, fullPath));
    return {readEntries: (take: (entries: object[]) => void) => take(left.splice(0, 2))};
  };
  return {name, fullPath, isDirectory: true, createReader};
}

function dropTree(target: EventTarget, tree: Tree): void {
  const items = Object.entries(tree).map(([name, below]) => ({
    kind: "file",
    webkitGetAsEntry: () => entryOf(name, below),
    getAsFile: () => new File(["x"], name)
  }));
  const event = new DragEvent("drop", {bubbles: true, cancelable: true});
  target.dispatchEvent(Object.defineProperty(event, "dataTransfer", {value: {items, types: ["Files"]}}));
}

beforeEach(async () => {
  workspace = new FakeWorkspace();
  workspace.add("small", 2000, Date.now());
  workspace.add("large", 5e6, Date.now() - 40 * day);
  workspace.add("going", 3000, Date.now() - 50 * day, {status: "running"});
  app = await openApp({...new Profile().tab().services, workspace}, "#/");
});
afterEach(closeApp);

test("the panel says what takes the space, and who writes", async () => {
  await open();
  expect(rows()).toEqual(["large", "going running", "small"]);
  expect(words()).toContain("18 MB of runs");
  expect(words()).toContain("40 MB of 2.0 GB used by this site, 2 %");
  expect(words()).toContain("This tab writes for all tabs of Petri.");
  workspace.set({role: "follower", repaired: [{file: "a", lostBytes: 220}]});
  await expect.poll(words).toContain("Another tab of Petri writes");
  expect(words()).toContain("220 B in 1 file were torn by a crash");
  const {violations} = await axe.run(dialog() as HTMLElement, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa"]});
  expect(violations.map(({id}) => id)).toEqual([]);
});

test("follows runs that begin, grow and end, now and then, with the selection and the focus kept", async () => {
  await open();
  const list = panel() as PetriWorkspace;
  list.restMs = 1;
  await userEvent.click(box("Choose small"));
  expect(document.activeElement).toBe(box("Choose small"));
  const before = workspace.asked;
  workspace.add("new", 1e6, Date.now(), {status: "running"});
  workspace.runs = workspace.runs
    .map((run) => (run.runId === "small" ? {...run, sizeBytes: 9e6} : run))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
  for (let i = 0; i < 100; ++i) workspace.tell();
  await expect.poll(rows).toEqual(["small", "large", "new running", "going running"]);
  expect(workspace.asked - before).toBeLessThan(4);
  expect(box("Choose small").checked).toBe(true);
  expect(document.activeElement).toBe(box("Choose small"));
  expect(words()).toContain("Delete 1 run (9.0 MB)");
  workspace.runs = workspace.runs.map((run) => ({...run, status: "completed"}));
  workspace.tell();
  await expect.poll(rows).toEqual(["small", "large", "new", "going"]);
  await userEvent.keyboard("{Escape}");
  await expect.poll(dialog).toBeNull();
  expect(workspace.runListeners.size).toBe(0);
});

test("asks the browser to keep the runs, and says its answer", async () => {
  workspace.agrees = false;
  await open();
  expect(words()).toContain("The browser may clear the runs when space runs short.");
  await userEvent.click(button("Keep them"));
  await expect.poll(news).toContain("The browser did not agree");
  workspace.agrees = true;
  await userEvent.click(button("Keep them"));
  await expect.poll(words).toContain("The browser has promised not to clear the runs.");
});

test("deletes the chosen runs and those that are old, after asking; never one that goes on", async () => {
  await open();
  expect(box("Choose going").disabled).toBe(true);
  await userEvent.click(box("Choose small"));
  await userEvent.click(button("Delete 1 run (2.0 kB)"));
  await answer("Delete");
  await expect.poll(news).toBe("Deleted 1 run: 2.0 kB.");
  expect(rows()).toEqual(["large", "going running"]);
  await userEvent.click(button("Delete 1 run (5.0 MB)"));
  await answer("Delete");
  await expect.poll(rows).toEqual(["going running"]);
});

test("takes files by drop, tells what came of them, and hands on notebooks", async () => {
  await open();
  drop(panel() as Element, "mlflow.db", "events.tfevents");
  await expect.poll(news).toBe("Imported 2 runs with 1,000 values.Times were guessed.");
  expect(workspace.imported).toEqual([["mlflow.db", "events.tfevents"]]);
  workspace.failure = new Error("photo.jpg is a picture.");
  drop(panel() as Element, "photo.jpg");
  await expect.poll(news).toBe("photo.jpg is a picture.");
});

test("a folder gives its event files with their paths, as one import, and nothing else", async () => {
  await open();
  const [a, b, c] = ["a", "b", "c"].map((run) => `events.out.tfevents.1.${run}`);
  const logs = {
    ".git": {[a]: null},
    "config.yaml": null,
    "report.html": null,
    "results.csv": null,
    train: {[a]: null, "model.ckpt": null, deep: {[b]: null, [c]: null}},
    empty: {}
  };
  dropTree(panel() as Element, {logs, "other.db": null});
  await expect.poll(() => workspace.imported.length).toBe(1);
  const paths = [`logs/train/${a}`, `logs/train/deep/${b}`, `logs/train/deep/${c}`];
  expect(workspace.imported[0].toSorted()).toEqual(["other.db", ...paths].toSorted());
  dropTree(panel() as Element, {tables: {"results.csv": null, "notes.txt": null}});
  await expect.poll(() => workspace.imported.slice(1)).toEqual([["tables/results.csv"]]);
  dropTree(panel() as Element, {photos: {"1.jpg": null}});
  await expect.poll(news).toMatch(/^There is nothing to import in photos: no event files/);
});

test("the import button takes a folder too", async () => {
  await open();
  const names = ["events.out.tfevents.1", "notes.txt"];
  const files = names.map((name) =>
    Object.defineProperty(new File(["x"], name), "webkitRelativePath", {value: `runs/one/${name}`})
  );
  const click = vi.spyOn(HTMLInputElement.prototype, "click").mockImplementation(function (
    this: HTMLInputElement
  ) {
    expect(this.webkitdirectory).toBe(true);
    Object.defineProperty(this, "files", {value: files});
    this.dispatchEvent(new Event("change"));
  });
  button("Import folder…").click();
  click.mockRestore();
  await expect.poll(() => workspace.imported).toEqual([["runs/one/events.out.tfevents.1"]]);
});

test("a folder dropped on the home page is for the store", async () => {
  dropTree(document.querySelector("petri-home") as Element, {logs: {"events.out.tfevents.1": null}});
  await expect.poll(() => workspace.imported).toEqual([["logs/events.out.tfevents.1"]]);
});

test("an export for Optuna asks what is optimised when the runs do not say it", async () => {
  await open();
  const select = (name: string) => document.querySelector<HTMLSelectElement>(name) as HTMLSelectElement;
  const exportTo = (format: string) => userEvent.selectOptions(select(".ws-export select"), format);
  await exportTo("optuna");
  await expect.poll(news).toContain("Exported runs.optuna");
  workspace.metrics = ["loss", "accuracy"];
  await exportTo("csv");
  await expect.poll(() => workspace.exported.length).toBe(2);
  await exportTo("optuna");
  await expect.poll(() => select(".ws-objective select")?.checkVisibility()).toBe(true);
  expect(select(".ws-objective select[name=goal]").value).toBe("minimize");
  await userEvent.selectOptions(select(".ws-objective select"), "accuracy");
  expect(select(".ws-objective select[name=goal]").value).toBe("maximize");
  const faults = async () => {
    const runOnly = ["wcag2a", "wcag2aa", "wcag21aa"];
    const {violations} = await axe.run(select(".ws-objective select").closest("wa-dialog") as HTMLElement, {
      runOnly
    });
    return violations.map(({id}) => id);
  };
  // While the dialog fades in, its words are pale.
  await expect.poll(faults, {timeout: 5000}).toEqual([]);
  await answer("Export");
  await expect.poll(() => workspace.exported.length).toBe(3);
  await exportTo("optuna");
  await expect.poll(() => select(".ws-objective select")?.checkVisibility()).toBe(true);
  await answer("Cancel");
  await expect.poll(() => select(".ws-objective select")).toBeNull();
  expect(workspace.exported).toEqual([
    ["optuna", undefined],
    ["csv", undefined],
    ["optuna", {metric: "accuracy", goal: "maximize"}]
  ]);
});

/** Moves a drag over a place and drops it; whether the page kept the browser from its own way with it. */
function dragTo(target: EventTarget, dataTransfer: DataTransfer): {over: boolean; drop: boolean} {
  const send = (type: string) => {
    const init = {dataTransfer, bubbles: true, cancelable: true, composed: true};
    return !target.dispatchEvent(new DragEvent(type, init));
  };
  return {over: send("dragover"), drop: send("drop")};
}

function filesToDrag(...names: string[]): DataTransfer {
  const dataTransfer = new DataTransfer();
  for (const name of names) dataTransfer.items.add(new File(["step,loss\n0,1\n"], name));
  return dataTransfer;
}

async function openNotebook(...source: string[]): Promise<void> {
  const profile = new Profile();
  await profile.write("lab", file("Lab", ...source));
  app = await openApp({...profile.tab().services, workspace}, "#/notebook/lab");
}

test("files dropped anywhere on an open notebook are for the store, and the browser stays on the page", async () => {
  await openNotebook("# Hello", "1 + 1");
  for (const [name, place] of [
    ["page.csv", document.documentElement],
    ["output.csv", document.getElementById("cell-2") as Element],
    ["footer.csv", document.querySelector("petri-footer") as Element]
  ] as const) {
    expect(dragTo(place, filesToDrag(name))).toEqual({over: true, drop: true});
    await expect.poll(() => workspace.imported.at(-1)).toEqual([name]);
  }
  await expect.poll(news).toContain("Imported 2 runs");
  expect(app.classList.contains("dropping")).toBe(false);
  expect(location.hash).toBe("#/notebook/lab");
});

test("an editor takes text that is dropped on it, and leaves files to the store", async () => {
  await openNotebook("1 + 1");
  await caret(1);
  const content = cell(1).querySelector(".cm-content") as HTMLElement;
  expect(dragTo(content, filesToDrag("rows.csv"))).toEqual({over: true, drop: true});
  await expect.poll(() => workspace.imported).toEqual([["rows.csv"]]);
  expect(content.textContent).toBe("1 + 1");
  const text = new DataTransfer();
  text.setData("text/plain", "dropped");
  const {left, top} = content.getBoundingClientRect();
  const init = {dataTransfer: text, bubbles: true, cancelable: true, clientX: left + 1, clientY: top + 8};
  content.dispatchEvent(new DragEvent("drop", init));
  await expect.poll(() => content.textContent).toContain("dropped");
});

test("a place with a use of its own for files keeps them, and so do pictures that are dragged from the page", async () => {
  await openNotebook("1 + 1");
  const output = document.getElementById("cell-1") as HTMLElement;
  const input = Object.assign(document.createElement("input"), {type: "file"});
  output.append(input);
  expect(dragTo(input, filesToDrag("own.csv"))).toEqual({over: false, drop: false});
  const seen: string[] = [];
  const zone = document.createElement("div");
  for (const type of ["dragover", "drop"])
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      seen.push(type);
    });
  output.append(zone);
  dragTo(zone, filesToDrag("zone.csv"));
  expect(seen).toEqual(["dragover", "drop"]);
  output.dispatchEvent(new DragEvent("dragstart", {bubbles: true}));
  expect(dragTo(document.body, filesToDrag("picture.png"))).toEqual({over: false, drop: false});
  output.dispatchEvent(new DragEvent("dragend", {bubbles: true}));
  dragTo(document.body, filesToDrag("other.csv"));
  await expect.poll(() => workspace.imported).toEqual([["other.csv"]]);
});

test("a file dropped on the home page that is no notebook is for the store", async () => {
  drop(document.querySelector("petri-home") as Element, "results.csv");
  await expect.poll(() => workspace.imported).toEqual([["results.csv"]]);
  await expect.poll(news).toContain("Imported 2 runs");
  expect(location.hash).toBe("#/");
});

test("the footer says when nothing is recorded, and when space runs short", async () => {
  const said = () => footer().textContent?.trim();
  expect(said()).toBe("");
  workspace.set({quota: {usageBytes: 1.7e9, quotaBytes: 2e9}});
  await expect.poll(said).toBe("Disk 85 % full");
  workspace.set({failure: {message: "The disk is full.", unwrittenBytes: 3.2e6}});
  await expect.poll(said).toBe("Not recorded");
  expect(footer().getAttribute("aria-label")).toBe("Workspace: Not recorded");
  await open();
  expect(panel()?.querySelector('[role="alert"]')?.textContent).toContain("3.2 MB wait in memory");
  expect(words()).toContain("Space is running short.");
  workspace.set({failure: null, quota: null});
  await expect.poll(said).toBe("18 MB");
  await expect.poll(() => panel()?.querySelector('[role="alert"], [role="meter"]')).toBeNull();
});

test("is reached by its key and from home, and closed by Escape", async () => {
  (document.activeElement as HTMLElement | null)?.blur();
  await userEvent.keyboard("{Shift>}W{/Shift}");
  await expect.poll(() => panel()?.checkVisibility()).toBe(true);
  await userEvent.keyboard("{Escape}");
  await expect.poll(dialog).toBeNull();
  await userEvent.click(button("Workspace", app.querySelector("petri-home") as Element));
  await expect.poll(() => panel()?.checkVisibility()).toBe(true);
});

test("a long import says how far it is, and can be cancelled", async () => {
  await open();
  let abort: AbortSignal | undefined;
  workspace.long = ({signal, onProgress}) => {
    abort = signal;
    onProgress?.({metricRows: 1200, ofRows: 2000});
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  };
  const taken = panel()?.take([new File(["x"], "large.db")]);
  await expect.poll(news).toMatch("Importing large.db… 1,200 of 2,000 values");
  expect(abort?.aborted).toBe(false);
  await userEvent.click(button("Cancel", panel() as HTMLElement));
  await taken;
  expect(abort?.aborted).toBe(true);
  expect(news()).toBe("The import was cancelled; nothing of it was kept.");
  expect(panel()?.querySelector(".notice.error")).toBeNull();
  expect(workspace.imported).toEqual([]);
});

test("a long export says how far it is, and can be cancelled", async () => {
  workspace.add("run", 100, Date.now());
  await open();
  workspace.longExport = ({signal, onProgress}) => {
    onProgress?.({runs: 120, ofRuns: 1000});
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  };
  const select = panel()?.querySelector("select") as HTMLSelectElement;
  await userEvent.selectOptions(select, "mlflow");
  await expect.poll(news).toMatch("Exporting… 120 of 1,000 runs");
  await userEvent.click(button("Cancel", panel() as HTMLElement));
  await expect.poll(news).toBe("The export was cancelled.");
  expect(workspace.exported).toEqual([]);
});
