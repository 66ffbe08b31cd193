/** Cuts a source in two at a character; the line break at the cut belongs to neither half. */
export function splitSource(source: string, at: number): {before: string; after: string} {
  return {
    before: source.slice(0, at).replace(/[ \t]*\r?\n?[ \t]*$/, ""),
    after: source.slice(at).replace(/^[ \t]*\r?\n/, "")
  };
}
