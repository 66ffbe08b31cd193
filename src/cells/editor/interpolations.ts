/** A `${...}` in a text cell; `from` is at the dollar sign, `to` after the closing brace (or at the end while it is open). */
export interface Interpolation {
  from: number;
  to: number;
}

/** Finds the JavaScript in the source of an md, html, sql, tex or dot cell. A backslash before the dollar escapes it. */
export function findInterpolations(source: string): Interpolation[] {
  const found: Interpolation[] = [];
  for (let i = 0; i < source.length; ++i) {
    if (source[i] === "\\") ++i;
    else if (source[i] === "$" && source[i + 1] === "{") {
      const to = skipBraces(source, i + 1);
      found.push({from: i, to});
      i = to - 1;
    }
  }
  return found;
}

/** From an opening brace to after the matching one. */
function skipBraces(source: string, start: number): number {
  let depth = 0;
  for (let i = start; i < source.length; ++i) {
    const c = source[i];
    if (c === "{") ++depth;
    else if (c === "}" && --depth === 0) return i + 1;
    else if (c === '"' || c === "'" || c === "`") i = skipString(source, i) - 1;
  }
  return source.length;
}

/** From an opening quote to after the closing one; a template string may hold code again. */
function skipString(source: string, start: number): number {
  const quote = source[start];
  for (let i = start + 1; i < source.length; ++i) {
    const c = source[i];
    if (c === "\\") ++i;
    else if (c === quote) return i + 1;
    else if (quote === "`" && c === "$" && source[i + 1] === "{") i = skipBraces(source, i + 1) - 1;
    else if (quote !== "`" && c === "\n") return i;
  }
  return source.length;
}
