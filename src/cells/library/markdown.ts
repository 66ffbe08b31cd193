import slugify from "@sindresorhus/slugify";
import MarkdownIt from "markdown-it";
import anchor from "markdown-it-anchor";
import {resolveAssets} from "./assets.ts";

/** A span of text that Markdown passes through untouched, standing for the nth interpolated node. */
const placeholder = (index: number): string => `<a id="petri-part:${index}"></a>`;
const PLACEHOLDER = "a[id^='petri-part:']";

function createRenderer() {
  const renderer = new MarkdownIt({html: true, linkify: true, typographer: true});
  renderer.use(anchor, {
    level: [2, 3],
    slugify: (heading: string) => slugify(heading),
    permalink: anchor.permalink.headerLink({class: ""})
  });
  return renderer;
}

let renderer: ReturnType<typeof createRenderer> | undefined;

/**
 * What one interpolated value becomes in the source: nodes (and runs of nodes in an array) become
 * placeholders that are filled after rendering, everything else is Markdown text.
 */
function interpolate(value: unknown, parts: Node[]): string {
  if (value instanceof Node) return placeholder(parts.push(value) - 1);
  if (!Array.isArray(value)) return String(value);
  let source = "";
  let run: DocumentFragment | undefined;
  for (const item of value) {
    if (!(item instanceof Node)) {
      run = undefined;
      source += String(item);
      continue;
    }
    if (!run) {
      run = document.createDocumentFragment();
      source += placeholder(parts.push(run) - 1);
    }
    run.append(item);
  }
  return source;
}

/** Marks up fenced and inline code whose language is known, once its parser is loaded. */
function highlightLater(root: Element): void {
  const codes = root.querySelectorAll<HTMLElement>("code[class^='language-']");
  if (codes.length === 0) return;
  void import("./highlight.ts").then(({highlight}) => Promise.all(Array.from(codes, highlight)));
}

/**
 * Makes the template tag `md`: interpolated DOM nodes are inserted, text is Markdown. A result is the
 * one element that the source makes, or a div of all of them.
 */
export function markdown({baseUrl}: {baseUrl: () => string}) {
  return function md(template: readonly string[], ...values: unknown[]): Node {
    renderer ??= createRenderer();
    const parts: Node[] = [];
    const source = template
      .map((text, i) => (i === 0 ? text : interpolate(values[i - 1], parts) + text))
      .join("");
    // A template's content is inert: no image is fetched before its address is resolved.
    const inert = document.createElement("template");
    inert.innerHTML = renderer.render(source);
    resolveAssets(inert.content, baseUrl());
    const root = document.createElement("div");
    root.append(inert.content);
    for (const node of root.querySelectorAll(PLACEHOLDER)) {
      const part = parts[Number(node.id.slice("petri-part:".length))];
      if (part) node.replaceWith(part);
    }
    highlightLater(root);
    return root.childNodes.length === 1 && root.firstChild ? root.removeChild(root.firstChild) : root;
  };
}
