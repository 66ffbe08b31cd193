import {readdirSync, readFileSync} from "node:fs";
import {toCell, toNotebook} from "@observablehq/notebook-kit";
import {JSDOM} from "jsdom";
import {describe, expect, test} from "vitest";
import {NotebookDocument} from "../../src/runtime/document.ts";
import {createNotebookFile, openNotebookFile, saveNotebookFile} from "../../src/runtime/file.ts";

const {window} = new JSDOM();
const {document} = window;
const parser = new window.DOMParser();

/** Opens a file, edits it, and writes it again. */
function edited(text: string, edit: (document: NotebookDocument) => void): string {
  const file = openNotebookFile(text, {parser});
  const notebook = new NotebookDocument(file.notebook);
  edit(notebook);
  const saved = saveNotebookFile(file, notebook.notebook, {document});
  const opened = openNotebookFile(saved.text, {parser}).notebook;
  expect(opened.cells.map(({id, value, mode}) => ({id, value, mode}))).toEqual(
    notebook.cells.map(({id, value, mode}) => ({id, value, mode}))
  );
  expect(opened.title).toBe(notebook.notebook.title);
  return saved.text;
}

const odd = `<!doctype html>
<!-- made by hand -->
<notebook theme='light-dark(air, ink)'   readonly>
  <title>A &amp; B</title>
  <!-- first -->
  <script id="4" type="text/markdown" custom="kept">
# Unindented
  </script>

  <script type="module" pinned="">
      const s = "<\\/script>";   
    s</script>
  <script id=9 type="application/sql" database="var:db" output="rows">
    SELECT 1
  </script>
</notebook>
<section id="results">frozen</section>
`;

test("a file that was not edited is written as it was", () => {
  const file = openNotebookFile(odd, {parser});
  expect(saveNotebookFile(file, structuredClone(file.notebook), {document}).text).toBe(odd);
});

test("an edit changes its cell's content and nothing else", () => {
  const text = edited(odd, (notebook) => notebook.edit(9, "SELECT 2"));
  expect(text).toBe(odd.replace("SELECT 1", "SELECT 2"));
});

test("an attribute changes its own element", () => {
  const text = edited(odd, (notebook) => notebook.set(9, {hidden: true}));
  expect(text).toContain('hidden=""');
  expect(text.replace(/<script id="?9[\s\S]*?<\/script>/, "")).toBe(
    odd.replace(/<script id="?9[\s\S]*?<\/script>/, "")
  );
});

test("a title changes the title, escaped", () => {
  const text = edited(odd, (notebook) => notebook.setNotebook({title: "x < y & $& z"}));
  expect(text).toBe(odd.replace("A &amp; B", () => "x &lt; y &amp; $&amp; z"));
});

test("a theme changes the notebook's tag", () => {
  const text = edited(odd, (notebook) => notebook.setNotebook({theme: "slate", readOnly: false}));
  expect(text).toContain('<notebook theme="slate">');
  expect(text).toContain('<section id="results">frozen</section>');
});

test("deleted cells go, others stay as they were", () => {
  const text = edited(odd, (notebook) => notebook.remove(9));
  expect(text).not.toContain("SELECT");
  expect(text).toContain("# Unindented\n  </script>");
  expect(text).toContain("<!-- first -->");
});

test("moved cells keep their ids, which are written down", () => {
  const text = edited(odd, (notebook) => notebook.move(9, 0));
  expect(text.indexOf("SELECT")).toBeLessThan(text.indexOf("Unindented"));
  expect(text).toContain('custom="kept"');
});

test("new cells are written as the kit writes them", () => {
  const text = edited(odd, (notebook) => notebook.add({value: "a\n\nb </script>", mode: "ts"}, 1));
  expect(text).toContain(
    '  <script id="10" type="text/x-typescript" pinned="">\n    a\n\n    b <\\/script>\n  </script>'
  );
});

test("Windows line ends stay", () => {
  const windows = odd.replaceAll("\n", "\r\n");
  const text = edited(windows, (notebook) => notebook.edit(9, "SELECT\n2"));
  expect(text).toBe(windows.replace("SELECT 1", "SELECT\r\n    2"));
});

test("edits one after another are written into what was written before", () => {
  let file = openNotebookFile(odd, {parser});
  for (const value of ["SELECT 2", "SELECT 3"]) {
    const cells = file.notebook.cells.map((cell) => (cell.id === 9 ? {...cell, value} : cell));
    file = saveNotebookFile(file, {...file.notebook, cells}, {document});
  }
  expect(file.text).toBe(odd.replace("SELECT 1", "SELECT 3"));
});

test("a file of another shape is written anew, with what follows the notebook", () => {
  const strange = `<notebook>\n<div><script id="1" type="module">\n1\n</script></div></notebook><p>after</p>`;
  const text = edited(strange, (notebook) => notebook.edit(1, "2"));
  expect(text).toContain("<p>after</p>");
});

test("a new notebook is the kit's", () => {
  const {text} = createNotebookFile(toNotebook({title: "New", cells: [toCell({id: 1, value: "1"})]}), {
    document
  });
  expect(text).toMatch(
    /^<!doctype html>\n<notebook theme="air">\n {2}<title>New<\/title>\n {2}<script id="1"/
  );
});

describe("notebooks at hand", () => {
  const folders = ["notebooks", "test/corpus"];
  const names = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  test.each(names.filter((name) => name.endsWith(".html")))("%s", (name) => {
    const text = readFileSync(name, "utf8");
    const file = openNotebookFile(text, {parser});
    expect(saveNotebookFile(file, structuredClone(file.notebook), {document}).text).toBe(text);
    // Every cell is spliced: editing each in turn and back again leaves the file as it was.
    for (const cell of file.notebook.cells) {
      const there = edited(text, (notebook) => notebook.edit(cell.id, `${cell.value}\n`));
      const back = edited(there, (notebook) => notebook.edit(cell.id, cell.value));
      expect(back).toBe(text);
    }
  });
});
