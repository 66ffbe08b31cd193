/** Where the page is; written in the address's hash so that the site works under any path. */
export type Route =
  | {page: "home"}
  | {page: "keys"}
  | {page: "notebook"; name: string}
  | {page: "address"; url: string}
  | {page: "unknown"; hash: string};

/**
 * Reads a hash such as `#/notebook/quickstart`. Null for a hash that is no route: an anchor inside the notebook.
 */
export function parseRoute(hash: string): Route | null {
  if (hash === "" || hash === "#" || hash === "#/") return {page: "home"};
  if (!hash.startsWith("#/")) return null;
  const [path, query = ""] = hash.slice(2).split("?");
  if (path === "help/keys") return {page: "keys"};
  if (path === "notebook") {
    const url = new URLSearchParams(query).get("url");
    return url ? {page: "address", url} : {page: "unknown", hash};
  }
  if (path.startsWith("notebook/")) {
    const name = decode(path.slice("notebook/".length));
    return name ? {page: "notebook", name} : {page: "unknown", hash};
  }
  return {page: "unknown", hash};
}

export function notebookHash(name: string): string {
  return `#/notebook/${name.split("/").map(encodeURIComponent).join("/")}`;
}

/** Resolves a notebook's address; null when it is not on the page's own origin. */
export function sameOriginUrl(url: string, base: string): string | null {
  const page = new URL(base);
  const target = URL.canParse(url, page) ? new URL(url, page) : null;
  return target && target.origin === page.origin && target.protocol === page.protocol ? target.href : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
