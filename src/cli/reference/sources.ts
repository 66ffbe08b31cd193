import {existsSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import ts from "typescript/lib/typescript.js";

/** A declaration and the file it stands in. */
export interface Found<T extends ts.Node = ts.Node> {
  node: T;
  file: ts.SourceFile;
}

export type Documented =
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.VariableStatement;

/** TypeScript files below a folder, each parsed once; names are followed through their imports, types are not computed. */
export class Sources {
  readonly #root: string;
  readonly #files = new Map<string, ts.SourceFile>();

  constructor(root: string) {
    this.#root = root;
  }

  /** A file by its path below the root; undefined when there is none. */
  file(path: string): ts.SourceFile | undefined {
    const known = this.#files.get(path);
    if (known) return known;
    const absolute = join(this.#root, path);
    if (!existsSync(absolute)) return undefined;
    const text = readFileSync(absolute, "utf8");
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    this.#files.set(path, file);
    return file;
  }

  /** The file that a relative import leads to, if it lies below the root. */
  imported(from: ts.SourceFile, specifier: string): ts.SourceFile | undefined {
    if (!specifier.startsWith(".")) return undefined;
    const path = join(dirname(from.fileName), specifier);
    return path.startsWith("..") ? undefined : this.file(path);
  }

  /** What a name of a file means: a declaration there, or in the file that it is imported or exported from. */
  find(name: string, file: ts.SourceFile): Found<Documented> | undefined {
    for (const statement of file.statements) {
      if (isDocumented(statement) && namesOf(statement).includes(name)) return {node: statement, file};
      const source = importOf(statement, name);
      if (!source) continue;
      const other = this.imported(file, source.specifier);
      if (other) return this.find(source.name, other);
    }
    return undefined;
  }
}

export function isDocumented(node: ts.Node): node is Documented {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isVariableStatement(node)
  );
}

export function isExported(node: ts.Node): boolean {
  return hasModifier(node, ts.SyntaxKind.ExportKeyword);
}

export function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind)
  );
}

/** The names that a declaration gives. */
export function namesOf(node: Documented): string[] {
  if (!ts.isVariableStatement(node)) return node.name ? [node.name.text] : [];
  return node.declarationList.declarations.flatMap(({name}) => (ts.isIdentifier(name) ? [name.text] : []));
}

/** Where a statement imports (or exports from) a name, and under which name that file has it. */
function importOf(statement: ts.Statement, name: string): {specifier: string; name: string} | undefined {
  const from = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement : null;
  if (!from?.moduleSpecifier || !ts.isStringLiteral(from.moduleSpecifier)) return undefined;
  const bindings = ts.isImportDeclaration(from) ? from.importClause?.namedBindings : from.exportClause;
  if (!bindings || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return undefined;
  for (const element of bindings.elements) {
    if (element.name.text !== name) continue;
    return {specifier: from.moduleSpecifier.text, name: (element.propertyName ?? element.name).text};
  }
  return undefined;
}
