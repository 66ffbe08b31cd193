import "../../src/cells/styles/base.css";
import {afterEach, expect, it, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {PetriEditor} from "../../src/cells/editor/petri-editor.ts";

/** The machine may be busy: a second is not long. */
function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return vi.waitFor(check, {timeout: 10_000, interval: 20}) as Promise<Awaited<T>>;
}

const long = `const words = "${"many words ".repeat(40)}";`;
const source = `// a comment\n\tconst a = f(1);\n\n${long}\n`;

afterEach(() => document.body.replaceChildren());

function place(properties: Partial<PetriEditor> = {}): PetriEditor {
  const editor = Object.assign(new PetriEditor(), properties);
  document.body.append(editor);
  return editor;
}

async function ready(properties: Partial<PetriEditor> = {}): Promise<PetriEditor> {
  const editor = place(properties);
  await editor.load();
  return editor;
}

function content(editor: PetriEditor): HTMLElement {
  return editor.querySelector<HTMLElement>(".cm-content") as HTMLElement;
}

function listen<T>(editor: PetriEditor, type: string): T[] {
  const details: T[] = [];
  editor.addEventListener(type, (event) => details.push((event as CustomEvent<T>).detail));
  return details;
}

it("shows the plain source first, and nothing moves when the editor takes its place", async () => {
  await document.fonts.load("14px 'Spline Sans Mono Variable'");
  const editor = place({value: source});
  await editor.updateComplete;
  const plain = editor.querySelector("pre");
  expect(plain?.textContent).toBe(source);
  const before = editor.getBoundingClientRect();
  await editor.load();
  expect(editor.querySelector("pre")).toBeNull();
  const after = editor.getBoundingClientRect();
  expect(after.height).toBeCloseTo(before.height, 1);
  expect(after.width).toBe(before.width);
});

it("is as high empty as with one line", async () => {
  const empty = place();
  await empty.updateComplete;
  const before = empty.getBoundingClientRect().height;
  await empty.load();
  expect(empty.getBoundingClientRect().height).toBeCloseTo(before, 1);
});

it("stays plain text while it is far from the viewport", async () => {
  const near = place({value: "near"});
  const gap = document.createElement("div");
  gap.style.height = "5000px";
  document.body.append(gap);
  const far = place({value: "far"});
  await eventually(() => expect(near.querySelector(".cm-content")).not.toBeNull());
  expect(far.querySelector("pre")?.textContent).toBe("far");
  far.scrollIntoView();
  await eventually(() => expect(far.querySelector(".cm-content")).not.toBeNull());
  scrollTo(0, 0);
});

it("draws every line, also those far below the viewport, for the browser's own find", async () => {
  const value = Array.from({length: 300}, (_, i) => `line${i};`).join("\n");
  const editor = await ready({value});
  await eventually(() => expect(editor.querySelectorAll(".cm-line")).toHaveLength(300));
  await eventually(() => expect(editor.querySelectorAll(".tok-variable")).toHaveLength(300));
});

it("becomes an editor with the focus when the plain text is focused", async () => {
  const editor = place({value: "a", label: "Source of cell 1"});
  await editor.updateComplete;
  editor.querySelector("pre")?.focus();
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  expect(content(editor).getAttribute("aria-label")).toBe("Source of cell 1");
});

it("says every edit of the user, and none that came from outside", async () => {
  const editor = await ready({value: "ab"});
  const changes = listen<{value: string}>(editor, "change");
  editor.focus({at: 2});
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("c");
  expect(changes).toEqual([{value: "abc"}]);
  editor.value = "xabc";
  await editor.updateComplete;
  expect(content(editor).textContent).toBe("xabc");
  expect(changes).toHaveLength(1);
  expect(editor.selection).toEqual({from: 4, to: 4, line: 1, column: 5});
});

it("asks to run on Shift-Enter and Mod-Enter and leaves the text alone", async () => {
  const editor = await ready({value: "1 + 1"});
  const runs = listen(editor, "petri-run");
  editor.focus();
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("{Shift>}{Enter}{/Shift}");
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  expect(runs).toEqual([
    {value: "1 + 1", advance: true},
    {value: "1 + 1", advance: false}
  ]);
  expect(editor.value).toBe("1 + 1");
});

it("leaves the text by the arrows at its edges and by Escape", async () => {
  const editor = await ready({value: "a\nb"});
  const leaves = listen(editor, "petri-leave");
  editor.focus({at: 0});
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("{ArrowUp}{ArrowDown}{End}{ArrowDown}{Escape}");
  expect(leaves).toEqual([{direction: "up"}, {direction: "down"}, {direction: "out"}]);
});

it("points at the line and the name of an error until it is cleared", async () => {
  const editor = await ready({value: "const a = 1;\nmodle.apply(a);"});
  editor.marks = [{line: 2, column: 1, message: "modle is not defined"}];
  await editor.updateComplete;
  const mark = editor.querySelector<HTMLElement>(".cm-mark-error");
  expect(mark?.textContent).toBe("modle.apply");
  expect(mark?.title).toBe("modle is not defined");
  expect(editor.querySelector(".cm-marked-line")?.textContent).toBe("modle.apply(a);");
  editor.marks = [{line: 9, message: "no such line"}];
  await editor.updateComplete;
  expect(editor.querySelector(".cm-mark, .cm-marked-line")).toBeNull();
});

it("follows the kind of the cell", async () => {
  const editor = await ready({value: "SELECT 1", mode: "js"});
  expect(editor.querySelector(".tok-keyword")).toBeNull();
  editor.mode = "sql";
  await eventually(() => expect(editor.querySelector(".tok-keyword")?.textContent).toBe("SELECT"));
});

it("colours the JavaScript in a text cell", async () => {
  const editor = await ready({value: "A width of $" + "{width + 1} units", mode: "md"});
  expect(editor.querySelector(".cm-interpolation")?.textContent).toBe("$" + "{width + 1}");
  expect(editor.querySelector(".cm-interpolation .tok-literal")?.textContent).toBe("1");
});

it("completes the members of ops, and Tab takes one", async () => {
  const editor = await ready({
    completions: ({path}) =>
      path.join() === "ops" ? [{label: "pruning", detail: "petri/pruning"}] : [{label: "ops"}]
  });
  editor.focus();
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("ops.pr");
  await eventually(() =>
    expect(document.querySelector("li[aria-selected]")?.textContent).toContain("pruning")
  );
  // CodeMirror takes no choice in the first moments after the list opened.
  await eventually(async () => {
    await userEvent.keyboard("{Tab}");
    expect(editor.value).toBe("ops.pruning");
  });
});

it("selects the next occurrence for a second caret", async () => {
  const editor = await ready({value: "loss + loss"});
  editor.focus({at: 1});
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("{Control>}dd{/Control}");
  await userEvent.keyboard("error");
  expect(editor.value).toBe("error + error");
});

it("splits at the caret", async () => {
  const editor = await ready({value: "const a = 1;\nconst b = 2;"});
  editor.focus({at: 13});
  await eventually(() => expect(editor.selection.line).toBe(2));
  expect(editor.split()).toEqual({before: "const a = 1;", after: "const b = 2;"});
  await editor.focusLine(1, 7);
  expect(editor.selection).toEqual({from: 6, to: 6, line: 1, column: 7});
});

it("keeps its editor when it is moved, and lets go of it when it is removed", async () => {
  const editor = await ready({value: "a"});
  const before = content(editor);
  document.body.prepend(document.createElement("hr"), editor);
  await Promise.resolve();
  expect(content(editor)).toBe(before);
  editor.remove();
  await editor.updateComplete;
  await eventually(() => expect(editor.querySelector(".cm-editor")).toBeNull());
  editor.value = "b";
  document.body.append(editor);
  await eventually(() => expect(content(editor)?.textContent).toBe("b"));
});

it("takes no edit when it is read-only", async () => {
  const editor = await ready({value: "a", readOnly: true});
  editor.focus({at: 1});
  await eventually(() => expect(document.activeElement).toBe(content(editor)));
  await userEvent.keyboard("b");
  expect(editor.value).toBe("a");
});
