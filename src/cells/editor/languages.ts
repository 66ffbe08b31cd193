import {type LanguageSupport, StreamLanguage, type StreamParser} from "@codemirror/language";
import type {Extension} from "@codemirror/state";
import type {CellMode} from "../../runtime/types.ts";

/** Cells whose source is text with JavaScript in `${...}`. */
export const templateModes: ReadonlySet<CellMode> = new Set(["md", "html", "tex", "dot", "sql"]);

/** Cells whose names are the notebook's. */
export const scriptModes: ReadonlySet<CellMode> = new Set(["js", "ts", "ojs"]);

async function stream(parser: Promise<StreamParser<unknown>>): Promise<Extension> {
  return StreamLanguage.define(await parser);
}

/** The grammar of a cell's mode. Each is its own chunk, so a notebook without Python never loads Python's. */
export async function loadLanguage(mode: CellMode): Promise<Extension | LanguageSupport> {
  switch (mode) {
    case "js":
    case "ojs":
    case "node":
      return (await import("@codemirror/lang-javascript")).javascript();
    case "ts":
      return (await import("@codemirror/lang-javascript")).javascript({typescript: true});
    case "html":
      return (await import("@codemirror/lang-html")).html({selfClosingTags: true});
    case "md": {
      const {markdown, markdownLanguage} = await import("@codemirror/lang-markdown");
      return markdown({base: markdownLanguage});
    }
    case "sql": {
      const {PostgreSQL, sql} = await import("@codemirror/lang-sql");
      return sql({dialect: PostgreSQL});
    }
    case "python":
      return (await import("@codemirror/lang-python")).python();
    case "tex":
      return stream(
        import("@codemirror/legacy-modes/mode/stex").then((m) => m.stexMath as StreamParser<unknown>)
      );
    case "r":
      return stream(import("@codemirror/legacy-modes/mode/r").then((m) => m.r as StreamParser<unknown>));
    case "dot":
      return stream(import("./dot.ts").then((m) => m.dot as StreamParser<unknown>));
  }
}
