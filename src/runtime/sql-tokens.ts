/** A piece of SQL that means something; comments and blanks are left out. */
export interface SqlToken {
  /** name: an identifier or keyword; quoted: "..." (unquoted here); string: '...'; hole: ${...}; else punctuation. */
  type: "name" | "quoted" | "string" | "number" | "hole" | "punctuation";
  text: string;
}

const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+)|("(?:[^"]|"")*"?)|([eE]?'(?:[^']|'')*'?|\$([A-Za-z_]*)\$[\s\S]*?(?:\$\4\$|$))|([A-Za-z_\u0080-\ufffb][\w$\u0080-\ufffb]*)|(\d[\w.]*)|(\ufffc)|([\s\S])/g;

/** Marks the place of a `${...}` in the text given to `sqlTokens` (the Unicode mark for an object in text). */
export const HOLE = "\ufffc";

export function sqlTokens(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const [, blank, quoted, string, , name, number, hole, punctuation] of text.matchAll(TOKEN)) {
    if (blank !== undefined) continue;
    if (quoted !== undefined) tokens.push({type: "quoted", text: quoted.slice(1, -1).replaceAll('""', '"')});
    else if (string !== undefined) tokens.push({type: "string", text: string});
    else if (name !== undefined) tokens.push({type: "name", text: name});
    else if (number !== undefined) tokens.push({type: "number", text: number});
    else if (hole !== undefined) tokens.push({type: "hole", text: hole});
    else tokens.push({type: "punctuation", text: punctuation});
  }
  return tokens;
}
