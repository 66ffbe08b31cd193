// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are sources of cells
import {CompletionContext} from "@codemirror/autocomplete";
import {EditorState} from "@codemirror/state";
import {describe, expect, it, vi} from "vitest";
import {modeAt, notebookCompletions, pathBefore} from "../../../src/cells/editor/completion.ts";
import {loadLanguage} from "../../../src/cells/editor/languages.ts";
import type {CompletionProvider} from "../../../src/cells/editor/types.ts";

describe("pathBefore", () => {
  it.each([
    ["spar", [], "spar"],
    ["f(ops.pru", ["ops"], "pru"],
    ["ops.pruning.", ["ops", "pruning"], ""],
    ["ops?.mlp", ["ops"], "mlp"],
    ["a + b.c.d", ["b", "c"], "d"],
    ["[...row", [], "row"],
    ["x = ", [], ""]
  ])("of %j is a path to the name", (text, path, prefix) => {
    expect(pathBefore(text)).toEqual({path, prefix});
  });

  it.each(["f().le", "rows[0].na", '"text".le', "1.5e", "0x1f"])("of %j is unknown", (text) => {
    expect(pathBefore(text)).toBeNull();
  });
});

describe("modeAt", () => {
  it("is JavaScript inside ${...} of a text cell, and nothing in its prose", () => {
    const source = "Width ${wid} units";
    expect(modeAt("md", source, source.indexOf("wid") + 3)).toBe("js");
    expect(modeAt("md", source, 3)).toBeNull();
    expect(modeAt("md", source, source.length)).toBeNull();
  });

  it("is JavaScript in an interpolation that is still open", () => {
    expect(modeAt("html", "<b>${spa", 8)).toBe("js");
  });

  it("is SQL in the rest of an SQL cell, where tables are names", () => {
    expect(modeAt("sql", "SELECT * FROM ru", 16)).toBe("sql");
    expect(modeAt("sql", "SELECT ${x}", 10)).toBe("js");
  });

  it("offers the notebook's names to no Python cell", () => {
    expect(modeAt("python", "spa", 3)).toBeNull();
  });
});

describe("notebookCompletions", () => {
  async function complete(source: string, provider: CompletionProvider | null, explicit = false) {
    const state = EditorState.create({doc: source, extensions: [(await loadLanguage("js")) as never]});
    return notebookCompletions("js", () => provider)(new CompletionContext(state, source.length, explicit));
  }

  it("asks for the members of a path and replaces what was typed of the name", async () => {
    const provider = vi.fn<CompletionProvider>(async () => [
      {label: "pruning", type: "namespace", detail: "ops"}
    ]);
    const result = await complete("const m = ops.pr", provider);
    expect(provider).toHaveBeenCalledWith({mode: "js", path: ["ops"], prefix: "pr"});
    expect(result).toMatchObject({from: 14, options: [{label: "pruning", type: "namespace", detail: "ops"}]});
  });

  it("asks again for a shorter prefix, not for a longer one", async () => {
    const result = await complete("ops.pr", () => [{label: "prune"}]);
    const validFor = result?.validFor as unknown as (text: string) => boolean;
    expect(["pr", "prun", "p", "pr."].map(validFor)).toEqual([true, true, false, false]);
  });

  it("stays silent in strings and comments", async () => {
    const provider = vi.fn<CompletionProvider>(() => [{label: "sparsity"}]);
    expect(await complete('const m = "spa', provider)).toBeNull();
    expect(await complete("// spa", provider)).toBeNull();
    expect(provider).not.toHaveBeenCalled();
  });

  it("offers every name only when asked", async () => {
    const provider: CompletionProvider = () => [{label: "sparsity"}];
    expect(await complete("const m = ", provider)).toBeNull();
    expect((await complete("const m = ", provider, true))?.options).toHaveLength(1);
  });
});
