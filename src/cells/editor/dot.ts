import type {StreamParser} from "@codemirror/language";

interface DotState {
  inComment: boolean;
  inString: boolean;
}

const keywords = /^(?:strict|graph|digraph|node|edge|subgraph)\b/i;

/** Graphviz's language, coloured token by token; CodeMirror ships no mode for it. */
export const dot: StreamParser<DotState> = {
  name: "dot",
  languageData: {
    commentTokens: {line: "//", block: {open: "/*", close: "*/"}},
    closeBrackets: {brackets: ["{", "[", '"']}
  },
  startState: () => ({inComment: false, inString: false}),
  token(stream, state) {
    if (state.inComment) {
      if (stream.skipTo("*/")) {
        stream.match("*/");
        state.inComment = false;
      } else stream.skipToEnd();
      return "comment";
    }
    if (state.inString) {
      while (!stream.eol()) {
        const next = stream.next();
        if (next === "\\") stream.next();
        else if (next === '"') {
          state.inString = false;
          break;
        }
      }
      return "string";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//") || (stream.sol() && stream.match("#"))) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.inComment = true;
      return "comment";
    }
    if (stream.eat('"')) {
      state.inString = true;
      return "string";
    }
    if (stream.match("->") || stream.match("--")) return "operator";
    if (stream.match(/^-?(?:\d+\.?\d*|\.\d+)/)) return "number";
    if (stream.match(keywords)) return "keyword";
    if (stream.match(/^[\p{L}_][\p{L}\p{N}_]*(?=\s*=)/u)) return "propertyName";
    if (stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u)) return "variableName";
    stream.next();
    return null;
  }
};
