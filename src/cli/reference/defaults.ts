import ts from "typescript/lib/typescript.js";
import {isDocumented, namesOf, type Sources} from "./sources.ts";

/** Longer ones say less than the docstring. */
const LONGEST = 32;

const GLOBALS: ReadonlySet<string> = new Set(["Infinity", "NaN", "Math", "Number", "undefined"]);

/**
 * Defaults of a function's options by name, as its code has them: `const {units = 8} = options`, the same in its parameters,
 * or `{noise: 0.1, ...options}`. What it leaves to others is looked up in functions of its file, and of the files that
 * declare the options, that take the same types.
 */
export function defaultsOf(
  fn: ts.FunctionLikeDeclaration,
  types: readonly string[],
  files: readonly ts.SourceFile[]
): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>();
  readDefaults(fn, defaults);
  for (const file of files)
    for (const helper of functionsIn(file)) if (takes(helper, types)) readDefaults(helper, defaults);
  return defaults;
}

/** Every function of a file, nested ones and methods included. */
function functionsIn(file: ts.SourceFile): ts.FunctionLikeDeclaration[] {
  const found: ts.FunctionLikeDeclaration[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && "body" in node) found.push(node as ts.FunctionLikeDeclaration);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function takes(fn: ts.FunctionLikeDeclaration, types: readonly string[]): boolean {
  return fn.parameters.some(({type}) => {
    const text = type?.getText() ?? "";
    return types.some((name) => new RegExp(`\\b${name}\\b`).test(text));
  });
}

/** Adds what a function says; the first word on a name stays. */
function readDefaults(fn: ts.FunctionLikeDeclaration, into: Map<string, string>): void {
  const options = new Set<string>();
  const named = new Set<string>();
  const add = (name: string, value: ts.Expression) => {
    const text = withoutAliases(value);
    if (!into.has(name) && text.length <= LONGEST && saysItself(value, named)) into.set(name, text);
  };
  const readPattern = (pattern: ts.BindingName) => {
    if (!ts.isObjectBindingPattern(pattern)) return;
    for (const {dotDotDotToken, name, propertyName, initializer} of pattern.elements) {
      const own = (propertyName ?? name).getText();
      named.add(name.getText());
      if (dotDotDotToken) options.add(own);
      else if (initializer) add(own, initializer);
    }
  };
  for (const {name} of fn.parameters) {
    if (ts.isIdentifier(name)) options.add(name.text);
    readPattern(name);
  }
  const visit = (node: ts.Node) => {
    if (ts.isVariableDeclaration(node) && node.initializer && options.has(node.initializer.getText()))
      readPattern(node.name);
    if (ts.isObjectLiteralExpression(node)) {
      const end = node.properties.findIndex(
        (each) => ts.isSpreadAssignment(each) && options.has(each.expression.getText())
      );
      for (const each of node.properties.slice(0, Math.max(0, end)))
        if (ts.isPropertyAssignment(each)) add(each.name.getText(), each.initializer);
    }
    ts.forEachChild(node, visit);
  };
  if (fn.body) visit(fn.body);
}

/** Whether a default is made of literals, other options and names of the whole file; what is computed inside says nothing here. */
function saysItself(value: ts.Expression, options: ReadonlySet<string>): boolean {
  const outer = new Set(value.getSourceFile().statements.flatMap(namesOfStatement));
  let isClear = true;
  const visit = (node: ts.Node) => {
    if (ts.isPropertyAccessExpression(node)) return visit(node.expression);
    if (ts.isIdentifier(node))
      isClear &&= options.has(node.text) || outer.has(node.text) || GLOBALS.has(node.text);
    ts.forEachChild(node, visit);
  };
  visit(value);
  return isClear;
}

function namesOfStatement(statement: ts.Statement): string[] {
  if (isDocumented(statement)) return namesOf(statement);
  const bindings = ts.isImportDeclaration(statement) && statement.importClause?.namedBindings;
  return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({name}) => name.text) : [];
}

/** The text of a default, with imports under the names that their modules give them. */
function withoutAliases(value: ts.Expression): string {
  const file = value.getSourceFile();
  let text = value.getText();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const {name, propertyName} of bindings.elements)
      if (propertyName) text = text.replace(new RegExp(`\\b${name.text}\\b`, "g"), propertyName.text);
  }
  return text;
}

/** Names of the error classes that a declaration throws, itself or in the functions of ours that it calls, sorted. */
export function thrownBy(node: ts.Node, sources: Sources): string[] {
  const thrown = new Set<string>();
  const seen = new Set<ts.Node>();
  const walk = (root: ts.Node) => {
    if (seen.has(root)) return;
    seen.add(root);
    const visit = (each: ts.Node) => {
      if (ts.isThrowStatement(each) && ts.isNewExpression(each.expression))
        thrown.add(each.expression.expression.getText());
      if ((ts.isCallExpression(each) || ts.isNewExpression(each)) && ts.isIdentifier(each.expression))
        follow(each.expression);
      ts.forEachChild(each, visit);
    };
    visit(root);
  };
  const follow = (name: ts.Identifier) => {
    const found = sources.find(name.text, name.getSourceFile());
    if (!found || !isDocumented(found.node)) return;
    const {node: target} = found;
    const own = ts.isVariableStatement(target)
      ? target.declarationList.declarations.find((each) => each.name.getText() === namesOf(target)[0])
      : target;
    if (own) walk(own);
  };
  walk(node);
  return [...thrown].sort();
}
