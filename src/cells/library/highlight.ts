import {highlightCode, tagHighlighter, tags} from "@lezer/highlight";

/** The classes that notebook-kit's highlight.css styles. */
const highlighter = tagHighlighter([
  {tag: tags.link, class: "tok-link"},
  {tag: [tags.heading, tags.strong], class: "tok-strong"},
  {tag: tags.emphasis, class: "tok-emphasis"},
  {tag: [tags.keyword, tags.typeName], class: "tok-keyword"},
  {tag: tags.atom, class: "tok-atom"},
  {tag: [tags.bool, tags.escape, tags.number], class: "tok-literal"},
  {tag: [tags.string, tags.regexp], class: "tok-string"},
  {tag: tags.comment, class: "tok-comment"},
  {tag: tags.invalid, class: "tok-invalid"},
  {tag: tags.variableName, class: "tok-variable"},
  {tag: [tags.definition(tags.variableName), tags.className, tags.propertyName], class: "tok-definition"},
  {tag: tags.meta, class: "tok-meta"}
]);

type Tree = Parameters<typeof highlightCode>[1];

interface Parser {
  parse(text: string): Tree;
}

/** Language names as Markdown fences spell them -> the parser that reads them. */
const PARSERS: Record<string, () => Promise<Parser>> = {
  js: async () => (await import("@codemirror/lang-javascript")).javascriptLanguage.parser,
  jsx: async () => (await import("@codemirror/lang-javascript")).jsxLanguage.parser,
  ts: async () => (await import("@codemirror/lang-javascript")).typescriptLanguage.parser,
  tsx: async () => (await import("@codemirror/lang-javascript")).tsxLanguage.parser,
  html: async () => (await import("@codemirror/lang-html")).htmlLanguage.parser,
  md: async () => (await import("@codemirror/lang-markdown")).markdownLanguage.parser,
  python: async () => (await import("@codemirror/lang-python")).pythonLanguage.parser,
  sql: async () => (await import("@codemirror/lang-sql")).StandardSQL.language.parser
};

const ALIASES: Record<string, string> = {
  javascript: "js",
  typescript: "ts",
  node: "ts",
  py: "python",
  markdown: "md"
};

function languageOf(code: Element): string | undefined {
  const name = Array.from(code.classList)
    .find((name) => name.startsWith("language-"))
    ?.slice("language-".length)
    .toLowerCase();
  return name && (ALIASES[name] ?? name);
}

/** Marks up the text of a `<code class="language-x">` in place; unknown languages stay plain. */
export async function highlight(code: HTMLElement): Promise<void> {
  const language = languageOf(code);
  if (!language) return;
  if (code.parentElement?.localName === "pre") code.parentElement.dataset.language = language;
  const parser = await PARSERS[language]?.();
  if (!parser) return;
  const text = code.textContent ?? "";
  const nodes: Node[] = [];
  highlightCode(
    text,
    parser.parse(text),
    highlighter,
    (part, classes) => {
      if (!classes) nodes.push(document.createTextNode(part));
      else nodes.push(Object.assign(document.createElement("span"), {className: classes, textContent: part}));
    },
    () => nodes.push(document.createTextNode("\n"))
  );
  code.replaceChildren(...nodes);
}
