/** What we use of @observablehq/parser 6.1.0, which ships no types. */
declare module "@observablehq/parser" {
  export interface ParsedCell {
    body:
      | null
      | {type: "ImportDeclaration"; start: number; source: {value: unknown}; specifiers: ParsedSpecifier[]}
      | {type: "BlockStatement" | "Expression"; start: number};
  }

  export interface ParsedSpecifier {
    local: {name: string};
    view?: boolean;
    mutable?: boolean;
  }

  export function parseCell(input: string): ParsedCell;
}
