import {ensureSyntaxTree} from "@codemirror/language";
import {EditorState} from "@codemirror/state";
import {highlightTree} from "@lezer/highlight";
import {describe, expect, it} from "vitest";
import {highlighter} from "../../../src/cells/editor/highlight.ts";
import {loadLanguage} from "../../../src/cells/editor/languages.ts";
import type {CellMode} from "../../../src/runtime/types.ts";

async function tokens(mode: CellMode, source: string): Promise<string[]> {
  const state = EditorState.create({doc: source, extensions: [(await loadLanguage(mode)) as never]});
  const tree = ensureSyntaxTree(state, source.length, 5000);
  const found: string[] = [];
  if (tree)
    highlightTree(tree, highlighter, (from, to, classes) =>
      found.push(`${source.slice(from, to)}:${classes.slice(4)}`)
    );
  return found;
}

describe("each kind of cell is coloured in its own language", () => {
  it.each<[CellMode, string, string]>([
    ["js", "const a = 1", "const:keyword"],
    ["ts", "let a: string", "string:keyword"],
    ["ojs", "x = 1", "1:literal"],
    ["node", "await f()", "await:keyword"],
    ["md", "a **bold**", "bold:strong"],
    ["html", "<b>", "b:keyword"],
    ["sql", "SELECT 1", "SELECT:keyword"],
    ["python", "def f(): pass", "def:keyword"],
    ["r", "f <- function(x) 1", "function:keyword"],
    ["tex", "\\frac{1}{2} % half", "% half:comment"],
    ["dot", "digraph { a -> b }", "digraph:keyword"]
  ])("%s", async (mode, source, token) => {
    expect(await tokens(mode, source)).toContain(token);
  });

  it("dot: attributes, strings with escapes and comments over lines", async () => {
    expect(await tokens("dot", 'a [label="x \\" y", w=2] /* one\ntwo */ -> c // end')).toEqual([
      "a:variable",
      "label:definition",
      '"x \\" y":string',
      "w:definition",
      "2:literal",
      "/* one:comment",
      "two */:comment",
      "c:variable",
      "// end:comment"
    ]);
  });
});
