/** Names that many packages give to their main file or folder, and that say nothing in a list of requests. */
const vague = new Set(["index", "dist", "src", "main", "module", "lib", "es", "esm", "build", "chunk"]);

/** The pattern of a chunk's file name: a vague name gives way to that of the package it comes from. */
export function chunkFileName({name, moduleIds}: {name: string; moduleIds: readonly string[]}): string {
  const id = moduleIds.at(-1) ?? "";
  const inPackage = id.slice(id.lastIndexOf("/node_modules/") + "/node_modules/".length);
  const found = id.includes("/node_modules/") ? inPackage.match(/^(?:@([^/]+)\/)?([^/]+)/) : null;
  const packageName = found?.slice(1).filter(Boolean).join("-");
  return `assets/${vague.has(name) && packageName ? packageName : "[name]"}-[hash].js`;
}
