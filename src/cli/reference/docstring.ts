import ts from "typescript/lib/typescript.js";

/** What a documentation comment says. */
export interface Docstring {
  /** Everything before the first tag. */
  text: string;
  /** The code of each `@example`. */
  examples: string[];
  /** What each `@throws` says. */
  throws: string[];
}

const none: Docstring = {text: "", examples: [], throws: []};

/** The documentation comment right before a node. */
export function docstringOf(node: ts.Node, file: ts.SourceFile): Docstring {
  const comments = ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? [];
  const last = comments.map(({pos, end}) => file.text.slice(pos, end)).at(-1);
  return last?.startsWith("/**") ? parseDocstring(last) : none;
}

/** Reads a comment, `/**` and all. */
export function parseDocstring(comment: string): Docstring {
  const lines = comment
    .replace(/^\/\*\*[ \t]?/, "")
    .replace(/\s*\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const sections = lines.join("\n").split(/(?:^|\s)@(?=(?:example|throws|param|returns)\b)/);
  const text = plain(sections[0] ?? "");
  const tagged = (tag: string) =>
    sections
      .slice(1)
      .filter((section) => section.match(/^\w+/)?.[0] === tag)
      .map((section) => section.slice(tag.length));
  return {text, examples: tagged("example").map(code), throws: tagged("throws").map(plain)};
}

/** The comment in which a file says what it is: lines of `//` before anything else. */
export function headerOf(file: ts.SourceFile): string {
  const [first] = /^(?:\/\/[^\n]*\n)+/.exec(file.text) ?? [""];
  return plain(first.replace(/^\/\/ ?/gm, ""));
}

/** The first sentence of a text; initials and "et al." end none. */
export function firstSentence(text: string): string {
  const paragraph = text.split(/\n\n|:\n/)[0] ?? "";
  return paragraph.replace(/\s+/g, " ").split(/(?<=[\w)`\]]{3}\.)\s+(?=[A-Z`])/)[0] ?? "";
}

function plain(text: string): string {
  return text.replace(/\{@link ([^}]*)\}/g, "`$1`").trim();
}

/** An example, out of its fence if it has one. */
function code(text: string): string {
  const [, fenced] = /^\s*```\w*\n([\s\S]*?)\n?```\s*$/.exec(text) ?? [];
  return (fenced ?? text.replace(/^[^\S\n]*\n/, "")).trim();
}
