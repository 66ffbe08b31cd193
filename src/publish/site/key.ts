/** The one address under which a file is kept: without query, and percent-encoded in one way (`@` or `%40`, `^` or `%5E`). */
export function keyOf(url: string): string {
  const {origin, pathname} = new URL(url);
  const parts = pathname.replace(/\/index\.html$/, "/").split("/");
  return origin + parts.map((part) => encodeURIComponent(decodeURIComponent(part))).join("/");
}
