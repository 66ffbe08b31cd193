/** The elements whose addresses are files of the notebook, and the attribute that holds one. */
const ASSETS: [selector: string, attribute: string][] = [
  ["audio[src], audio source[src], img[src], picture source[src], video[src], video source[src]", "src"],
  ["video[poster]", "poster"],
  ["a[href][download], link[href]", "href"]
];

/** True for `data/x.png` and `./x.png`; false for `https:`, `data:`, `#id` and nothing. */
function isRelative(address: string): boolean {
  return /^(?![a-z][\w+.-]*:|#|\/)\S/i.test(address.trim());
}

function isExternal(element: Element): boolean {
  return /(?:^|\s)external(?:\s|$)/i.test(element.getAttribute("rel") ?? "");
}

function resolveSourceSet(value: string, base: string): string {
  return value
    .split(",")
    .map((candidate) => {
      const [address = "", ...descriptors] = candidate.trim().split(/\s+/);
      return [isRelative(address) ? new URL(address, base).href : address, ...descriptors].join(" ");
    })
    .join(", ");
}

/**
 * Rewrites, in place, the relative addresses of images, media, style sheets and downloads so that
 * they mean files beside the notebook: the page that shows it lives elsewhere.
 */
export function resolveAssets(root: ParentNode, base: string): void {
  for (const [selector, attribute] of ASSETS) {
    for (const element of root.querySelectorAll(selector)) {
      const value = element.getAttribute(attribute) ?? "";
      if (isRelative(value) && !isExternal(element))
        element.setAttribute(attribute, new URL(value, base).href);
    }
  }
  for (const element of root.querySelectorAll("img[srcset], picture source[srcset]")) {
    element.setAttribute("srcset", resolveSourceSet(element.getAttribute("srcset") ?? "", base));
  }
}
