import ts from "typescript/lib/typescript.js";

/** An example cannot stand on its page. */
export class ExampleError extends Error {
  override name = "ExampleError";
}

/**
 * The examples of one page as cells of one notebook, where a name is defined once: what an earlier cell has imported is
 * not imported again.
 * @throws ExampleError when two examples define the same name, or one cannot be parsed
 */
export class PageExamples {
  readonly #page: string;
  readonly #imported = new Set<string>();
  readonly #defined = new Set<string>();

  constructor(page: string) {
    this.#page = page;
  }

  /** The next example as the source of a cell. */
  cell(code: string): string {
    const file = ts.createSourceFile("example.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    const [problem] = (file as unknown as {parseDiagnostics: ts.Diagnostic[]}).parseDiagnostics;
    if (problem) throw this.#error(ts.flattenDiagnosticMessageText(problem.messageText, " "));
    let out = "";
    for (const statement of file.statements) {
      const text = code.slice(statement.getFullStart(), statement.end);
      if (ts.isImportDeclaration(statement)) out += this.#newImports(statement);
      else {
        for (const name of declared(statement)) this.#define(name);
        out += text;
      }
    }
    return (out + code.slice(file.statements.at(-1)?.end ?? 0)).trim();
  }

  #newImports(node: ts.ImportDeclaration): string {
    const bindings = node.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings))
      throw this.#error("write imports as import {name} from ...");
    const fresh = bindings.elements.filter(({name}) => !this.#imported.has(name.text));
    for (const {name} of fresh) {
      this.#define(name.text);
      this.#imported.add(name.text);
    }
    const names = fresh.map((element) => element.getText()).join(", ");
    return names ? `\nimport {${names}} from ${node.moduleSpecifier.getText()};` : "";
  }

  #define(name: string): void {
    if (this.#defined.has(name)) throw this.#error(`${name} is defined twice on the page`);
    this.#defined.add(name);
  }

  #error(reason: string): ExampleError {
    return new ExampleError(`An @example of ${this.#page} cannot be shown: ${reason}.`);
  }
}

/** The names that a statement gives to the notebook. */
function declared(statement: ts.Statement): string[] {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return statement.name ? [statement.name.text] : [];
  if (!ts.isVariableStatement(statement)) return [];
  const namesIn = (name: ts.BindingName): string[] =>
    ts.isIdentifier(name)
      ? [name.text]
      : name.elements.flatMap((each) => (ts.isBindingElement(each) ? namesIn(each.name) : []));
  return statement.declarationList.declarations.flatMap(({name}) => namesIn(name));
}
