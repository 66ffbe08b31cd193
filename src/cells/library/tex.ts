import katex, {type KatexOptions} from "katex";
import "katex/dist/katex.min.css";
import {detachedChild} from "./detached-child.ts";

type TexTag = (template: TemplateStringsArray, ...values: unknown[]) => Element;

function renderer(options: KatexOptions = {}): TexTag {
  return (template, ...values) => {
    const root = document.createElement("div");
    katex.render(String.raw(template, ...values), root, {...options, output: "html"});
    return detachedChild(root);
  };
}

/** Renders TeX inline; `tex.block` on a line of its own; `tex.options({...})` with KaTeX's options. */
export const tex = Object.assign(renderer(), {options: renderer, block: renderer({displayMode: true})});
