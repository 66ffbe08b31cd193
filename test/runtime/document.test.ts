import {toCell, toNotebook} from "@observablehq/notebook-kit";
import {expect, test} from "vitest";
import {type DocumentChange, DocumentError, NotebookDocument} from "../../src/runtime/document.ts";

function create(...values: string[]): NotebookDocument {
  return new NotebookDocument(toNotebook({cells: values.map((value, i) => toCell({id: i + 1, value}))}));
}

const show = ({cells}: NotebookDocument) => cells.map(({id, value}) => `${id} ${value}`);

test("adds, moves, duplicates and deletes cells", () => {
  const document = create("a", "b");
  expect(document.add({value: "c"}, 1).id).toBe(3);
  expect(show(document)).toEqual(["1 a", "3 c", "2 b"]);
  document.move(1, 2);
  expect(show(document)).toEqual(["3 c", "2 b", "1 a"]);
  expect(document.duplicate(2).id).toBe(4);
  document.remove(3);
  expect(show(document)).toEqual(["2 b", "4 b", "1 a"]);
});

test("an id is never given twice, not even after undo", () => {
  const document = create("a");
  document.remove(document.add().id);
  document.undo();
  document.undo();
  expect(document.add().id).toBe(3);
});

test("undo brings a deleted cell back with its id and attributes, redo takes it again", () => {
  const document = create("a", "b");
  document.set(1, {hidden: true, output: "x"});
  document.remove(1);
  expect(document.undoLabel).toBe("delete cell");
  expect(document.undo()).toBe(true);
  expect(document.cell(1)).toMatchObject({value: "a", hidden: true, output: "x"});
  expect(document.redoLabel).toBe("delete cell");
  document.redo();
  expect(show(document)).toEqual(["2 b"]);
  expect(document.redo()).toBe(false);
});

test("edits of one cell are undone together until they are committed", () => {
  const document = create("", "");
  for (const value of ["h", "he", "hey"]) document.edit(1, value);
  document.edit(2, "x");
  document.edit(1, "hey!");
  document.commit();
  document.edit(1, "hey!!");
  const seen = [show(document)];
  while (document.undo()) seen.push(show(document));
  expect(seen).toEqual([
    ["1 hey!!", "2 x"],
    ["1 hey!", "2 x"],
    ["1 hey", "2 x"],
    ["1 hey", "2 "],
    ["1 ", "2 "]
  ]);
});

test("splits at an offset and merges again", () => {
  const document = create("const a = 1;\n\nconst b = 2;");
  const lower = document.split(1, 13);
  expect(show(document)).toEqual(["1 const a = 1;", "2 const b = 2;"]);
  expect(document.merge(lower.id).id).toBe(1);
  expect(show(document)).toEqual(["1 const a = 1;\nconst b = 2;"]);
});

test("text is merged as paragraphs; other kinds are not mixed", () => {
  const document = create("a", "b", "c");
  document.setMode(1, "md");
  document.setMode(2, "md");
  document.merge(2);
  expect(document.cell(1).value).toBe("a\n\nb");
  expect(() => document.merge(3)).toThrow(DocumentError);
  expect(() => document.merge(1)).toThrow(/no cell above/);
});

test("a change of kind leaves behind what only the old kind had", () => {
  const document = create("SELECT 1");
  document.setMode(1, "sql");
  expect(document.cell(1)).toMatchObject({mode: "sql", database: "var:db", pinned: true});
  document.setMode(1, "md");
  expect(document.cell(1)).toMatchObject({mode: "md", database: undefined, pinned: false, value: "SELECT 1"});
});

test("every change is told with the notebooks before and after; no change is not", () => {
  const document = create("a");
  const labels: string[] = [];
  document.addEventListener("change", (event) => {
    const {label, notebook, previous} = (event as CustomEvent<DocumentChange>).detail;
    expect(notebook).not.toBe(previous);
    labels.push(label);
  });
  document.edit(1, "a");
  document.move(1, 0);
  document.edit(1, "b");
  document.setNotebook({title: "T"});
  document.undo();
  expect(labels).toEqual(["edit cell", "set title", "undo"]);
  expect(() => document.edit(7, "x")).toThrow("The notebook has no cell 7.");
});
