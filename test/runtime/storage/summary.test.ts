import {expect, test} from "vitest";
import {summarize} from "../../../src/runtime/storage/summary.ts";

const notebook = (cells: string) =>
  `<!doctype html>\n<notebook>\n  <title>A &amp; B</title>\n${cells}\n</notebook>\n`;
const markdown = (text: string) => `  <script id="1" type="text/markdown">\n    ${text}\n  </script>`;

test("reads the title", () => {
  expect(summarize(notebook("")).title).toBe("A & B");
  expect(summarize("<notebook></notebook>").title).toBe("Untitled");
});

test("takes the first paragraph of the prose, without its markup", () => {
  const text =
    "# Heading\n    ## Sub\n\n    A *small* [network](https://example.org) with `code`\n    goes on.\n\n    Second.";
  expect(summarize(notebook(markdown(text))).summary).toBe("A small network with code goes on.");
});

test("passes over lists, code and images, and reads on in later cells", () => {
  const cells = [
    markdown("# Only a heading"),
    markdown("- a list\n    - goes on"),
    markdown("The text.")
  ].join("\n");
  expect(summarize(notebook(cells)).summary).toBe("The text.");
});

test("reads a paragraph of an HTML cell, and nothing of code", () => {
  const cells =
    '<script type="module">const p = "<p>not this</p>";</script><script type="text/html"><p>This <b>one</b></p></script>';
  expect(summarize(notebook(cells)).summary).toBe("This one");
});

test("clips at a word", () => {
  const {summary} = summarize(notebook(markdown("word ".repeat(100))));
  expect(summary.length).toBeLessThanOrEqual(240);
  expect(summary).toMatch(/word…$/);
});
