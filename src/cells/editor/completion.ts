import type {
  Completion,
  CompletionContext,
  CompletionResult,
  CompletionSource
} from "@codemirror/autocomplete";
import {syntaxTree} from "@codemirror/language";
import type {CellMode} from "../../runtime/types.ts";
import {findInterpolations} from "./interpolations.ts";
import {scriptModes, templateModes} from "./languages.ts";
import type {CompletionProvider, NameCompletion} from "./types.ts";

const word = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
const chain = new RegExp(`((?:${word}\\s*\\??\\.\\s*)*)(${word})?$`, "u");
const prose = /^(?:String|TemplateString|RegExp|LineComment|BlockComment|Comment)$/;

/** The dotted path that ends at the caret: `ops.pru` is `{path: ["ops"], prefix: "pru"}`; null where no name can stand. */
export function pathBefore(text: string): {path: string[]; prefix: string} | null {
  const match = chain.exec(text);
  if (!match) return null;
  const before = text.slice(0, match.index);
  // A member of a call, an index or a literal: nothing is known about it. A spread is no member.
  if (/(?<!\.\.)\.\s*$/.test(before)) return null;
  // The exponent or suffix of a number.
  if (match[0] && /[\p{N}]$/u.test(before)) return null;
  const path = match[1] ? match[1].split(/\s*\??\.\s*/u).filter(Boolean) : [];
  return {path, prefix: match[2] ?? ""};
}

/** The language at the caret, or null where a name of the notebook means nothing. */
export function modeAt(mode: CellMode, source: string, position: number): CellMode | null {
  if (scriptModes.has(mode)) return mode;
  if (!templateModes.has(mode)) return null;
  if (
    findInterpolations(source).some(
      ({from, to}) => position >= from + 2 && position < to + Number(source[to - 1] !== "}")
    )
  ) {
    return "js";
  }
  return mode === "sql" ? "sql" : null;
}

function toCompletion({label, type = "variable", detail, info}: NameCompletion): Completion {
  return {label, type, ...(detail && {detail}), ...(info && {info}), boost: 1};
}

/** Asks the notebook for names. It answers beside the language's own sources (local variables, keywords, tags). */
export function notebookCompletions(
  mode: CellMode,
  provider: () => CompletionProvider | null
): CompletionSource {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const provide = provider();
    const at = modeAt(mode, context.state.doc.toString(), context.pos);
    if (!provide || !at) return null;
    if (scriptModes.has(mode) && prose.test(syntaxTree(context.state).resolveInner(context.pos, -1).name))
      return null;
    const start = Math.max(0, context.pos - 200);
    const place = pathBefore(context.state.sliceDoc(start, context.pos));
    if (!place || (!place.prefix && !place.path.length && !context.explicit)) return null;
    const names = await provide({mode: at, ...place});
    if (!names.length || context.aborted) return null;
    return {
      from: context.pos - place.prefix.length,
      options: names.map(toCompletion),
      // The provider may have answered for this prefix only: a shorter one asks again.
      validFor: (text) => text.startsWith(place.prefix) && /^[\p{L}\p{N}_$]*$/u.test(text)
    };
  };
}
