import type TypeScript from "typescript";
import {CompileError} from "./errors.ts";
import {decodeLines} from "./source-map.ts";

let compiler: typeof TypeScript | null = null;

/** Loads the compiler, 3 MB compressed, when the first TypeScript cell needs it. */
export async function loadTypeScript(): Promise<void> {
  // The subpath keeps this import apart from the kit's own, which the page's build replaces by a stub.
  compiler ??= (await import("typescript/lib/typescript.js")).default;
}

export function typeScriptLoaded(): boolean {
  return compiler !== null;
}

/** Blanks and comments before a cell's first word. */
const TRIVIA = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
/** Named functions and classes are declarations in a cell, though they could be expressions. */
const DECLARATION = /^(?:(?:async\s+)?function\s*\*?\s*\w|(?:abstract\s+)?class\s+\w)/;

/** JavaScript of a TypeScript cell. */
export interface TypeScriptSource {
  code: string;
  /** Line of the TypeScript (1-based) for each line of the code. */
  lines: number[];
}

/** Removes the types of a cell. `loadTypeScript` must have been awaited. Throws a CompileError. */
export function transpileTypeScript(input: string): TypeScriptSource {
  const start = TRIVIA.exec(input)?.[0].length ?? 0;
  const isDeclaration = DECLARATION.test(input.slice(start));
  // The parenthesis stands right before the expression: where it stands is taken for the line of what follows.
  const wrapped = `${input.slice(0, start)}(${input.slice(start)}\n)`;
  const expression = isDeclaration ? null : compile(wrapped);
  // In parentheses an object literal is not taken for a block; what is no expression fails and is a program.
  if (expression && !expression.error && isParenthesised(expression.code)) {
    const code = expression.code.trimStart();
    const above = expression.code.slice(0, -code.length).split("\n").length - 1;
    return {code: code.trimEnd().replace(/;$/, ""), lines: expression.lines.slice(above)};
  }
  const program = compile(input);
  if (program.error) throw program.error;
  return program;
}

function isParenthesised(code: string): boolean {
  if (!compiler) return false;
  const file = compiler.createSourceFile("cell.js", code, compiler.ScriptTarget.ESNext);
  const [statement] = file.statements;
  return file.statements.length === 1 && compiler.isExpressionStatement(statement);
}

function compile(input: string): TypeScriptSource & {error: CompileError | null} {
  if (!compiler)
    throw new CompileError("The TypeScript compiler could not be loaded. Run the cell again to retry.");
  const {ModuleKind, ScriptTarget} = compiler;
  const output = compiler.transpileModule(input, {
    reportDiagnostics: true,
    compilerOptions: {
      target: ScriptTarget.ESNext,
      module: ModuleKind.Preserve,
      verbatimModuleSyntax: true,
      sourceMap: true
    }
  });
  const code = output.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
  const {mappings} = JSON.parse(output.sourceMapText ?? '{"mappings": ""}') as {mappings: string};
  const [diagnostic] = output.diagnostics ?? [];
  if (!diagnostic) return {code, lines: decodeLines(mappings), error: null};
  const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  const position = at && {line: at.line + 1, column: at.character + 1};
  const message = compiler.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  return {code, lines: [], error: new CompileError(message, position)};
}
