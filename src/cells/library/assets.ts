import {MOST_FOLDERS} from "../../runtime/storage/names.ts";

/** True for `data/x.png` and `./x.png`; false for `https:`, `data:`, `#id` and nothing. */
function isRelative(address: string): boolean {
  return /^(?![a-z][\w+.-]*:|#|\/)\S/i.test(address.trim());
}

function isExternal(element: Element): boolean {
  return /(?:^|\s)external(?:\s|$)/i.test(element.getAttribute("rel") ?? "");
}

function resolveFile(address: string, base: string): string {
  return isRelative(address) ? new URL(address, base).href : address;
}

function resolveSourceSet(value: string, base: string): string {
  return value
    .split(",")
    .map((candidate) => {
      const [address = "", ...descriptors] = candidate.trim().split(/\s+/);
      return [resolveFile(address, base), ...descriptors].join(" ");
    })
    .join(", ");
}

/**
 * Where a relative link of a notebook leads: to another notebook in this page (`./next`,
 * `next.html`), or to a file beside it.
 */
function resolveLink(address: string, base: string): string {
  if (!isRelative(address)) return address;
  const {href, hash, pathname} = new URL(address, base);
  const folder = new URL("notebooks/", document.baseURI).href;
  const name = href
    .slice(folder.length)
    .replace(/[?#].*$/, "")
    .replace(/\.html$/, "");
  if (!href.startsWith(folder) || !name || /\.(?!html$)\w+$/.test(pathname)) return href;
  // Notebooks that lie deeper than names go are opened by their address.
  if (name.split("/").length <= MOST_FOLDERS + 1) return `#/notebook/${name}`;
  return `#/notebook?url=${encodeURIComponent(`${folder}${name}.html${hash}`)}`;
}

/** The elements that name a file or a notebook, the attribute that does, and what it means. */
const ADDRESSES: [selector: string, attribute: string, resolve: (address: string, base: string) => string][] =
  [
    [
      "audio[src], audio source[src], img[src], picture source[src], video[src], video source[src]",
      "src",
      resolveFile
    ],
    ["img[srcset], picture source[srcset]", "srcset", resolveSourceSet],
    ["video[poster]", "poster", resolveFile],
    ["a[href][download], link[href]", "href", resolveFile],
    ["a[href]:not([download])", "href", resolveLink]
  ];

/**
 * Rewrites, in place, the relative addresses of images, media, style sheets, downloads and links so
 * that they mean files and notebooks beside the notebook: the page that shows it lives elsewhere.
 */
export function resolveAssets(root: ParentNode, base: string): void {
  for (const [selector, attribute, resolve] of ADDRESSES) {
    for (const element of root.querySelectorAll(selector)) {
      if (isExternal(element)) continue;
      element.setAttribute(attribute, resolve(element.getAttribute(attribute) ?? "", base));
    }
  }
}
