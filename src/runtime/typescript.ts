// What notebook-kit imports from `typescript`, without its 9 MB: the browser build puts this module in the place of
// `typescript` for the kit (src/publish/vite/lazy-typescript.ts), and the compiler is fetched when the first ts cell
// is compiled. The kit reads the two constants while it is imported; the functions only inside a ts cell.
import type * as TypeScript from "typescript";

type Compiler = typeof TypeScript;

let compiler: Compiler | undefined;

/** Fetches the TypeScript compiler once; await it before a ts cell is transpiled. */
export async function loadTypeScript(): Promise<void> {
  if (compiler) return;
  const module: Compiler & {default?: Compiler} = await import("typescript");
  compiler = module.default ?? module;
}

function loaded(): Compiler {
  if (!compiler)
    throw new Error("TypeScript is not loaded: await loadTypeScript() before transpiling a ts cell.");
  return compiler;
}

export const ScriptTarget = {ESNext: 99} as const;
export const ModuleKind = {Preserve: 200} as const;

export const transpile: Compiler["transpile"] = (...args) => loaded().transpile(...args);
export const createProgram = (...args: Parameters<Compiler["createProgram"]>) =>
  loaded().createProgram(...args);
export const createSourceFile: Compiler["createSourceFile"] = (...args) => loaded().createSourceFile(...args);
export const isClassExpression = (node: TypeScript.Node) => loaded().isClassExpression(node);
export const isFunctionExpression = (node: TypeScript.Node) => loaded().isFunctionExpression(node);
export const isParenthesizedExpression = (node: TypeScript.Node) => loaded().isParenthesizedExpression(node);
export const isExpressionStatement = (node: TypeScript.Node) => loaded().isExpressionStatement(node);
