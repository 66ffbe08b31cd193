import * as htl from "htl";
import {resolveAssets} from "./assets.ts";

type Hypertext = typeof htl;

/** Rewrites the addresses of a detached node and of all that is in it. */
function resolved<T extends Node | null>(node: T, base: string): T {
  if (!(node instanceof HTMLElement) || node.parentNode) return node;
  // The selectors look below a root, and the node itself may be the image.
  const root = document.createDocumentFragment();
  root.append(node);
  resolveAssets(root, base);
  node.remove();
  return node;
}

/** htl, with the relative addresses in `html` meaning files beside the notebook. */
export function hypertext({baseUrl}: {baseUrl: () => string}): Hypertext {
  const html: Hypertext["html"] = Object.assign(
    (template: TemplateStringsArray, ...values: unknown[]) =>
      resolved(htl.html(template, ...values), baseUrl()),
    {fragment: htl.html.fragment}
  );
  return {...htl, html};
}
