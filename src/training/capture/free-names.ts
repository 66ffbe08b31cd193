import type {
  AnonymousFunctionDeclaration,
  Class,
  Function as FunctionNode,
  Identifier,
  Node,
  Pattern
} from "acorn";
import {ancestor} from "acorn-walk";

/** The names a piece of code reads or writes but does not declare. */
export interface FreeNames {
  /** Sorted, each once. */
  read: string[];
  /** Those that it assigns to, sorted. */
  assigned: string[];
  /** True when it says `import(...)`. */
  importsDynamically: boolean;
}

const functionTypes = new Set(["FunctionExpression", "FunctionDeclaration", "ArrowFunctionExpression"]);
const blockTypes = new Set([
  "Program",
  "BlockStatement",
  "StaticBlock",
  "ForInStatement",
  "ForOfStatement",
  "ForStatement",
  "SwitchStatement",
  "CatchClause"
]);

const isFunction = (node: Node) => functionTypes.has(node.type);
const isBlock = (node: Node) => blockTypes.has(node.type) || isFunction(node);

function* namesIn(pattern: Pattern): Generator<string> {
  if (pattern.type === "Identifier") yield pattern.name;
  else if (pattern.type === "RestElement") yield* namesIn(pattern.argument);
  else if (pattern.type === "AssignmentPattern") yield* namesIn(pattern.left);
  else if (pattern.type === "ArrayPattern") {
    for (const element of pattern.elements) if (element) yield* namesIn(element);
  } else if (pattern.type === "ObjectPattern") {
    for (const property of pattern.properties) {
      yield* namesIn(property.type === "RestElement" ? property.argument : property.value);
    }
  }
}

/** Every scope's own names, by the node that opens the scope. */
function declarations(root: Node): Map<Node, Set<string>> {
  const names = new Map<Node, Set<string>>();
  const declare = (scope: Node, name: string) => {
    const known = names.get(scope);
    if (known) known.add(name);
    else names.set(scope, new Set([name]));
  };
  // The node itself is the last of its ancestors.
  const enclosing = (ancestors: Node[], opens: (node: Node) => boolean) =>
    ancestors.slice(0, -1).findLast(opens) ?? root;

  const visitFunction = (node: FunctionNode | AnonymousFunctionDeclaration, ancestors: Node[]) => {
    if (node.type !== "ArrowFunctionExpression") declare(node, "arguments");
    for (const parameter of node.params) for (const name of namesIn(parameter)) declare(node, name);
    if (node.id)
      declare(node.type === "FunctionDeclaration" ? enclosing(ancestors, isBlock) : node, node.id.name);
  };
  const visitClass = (node: Class, ancestors: Node[]) => {
    if (node.id)
      declare(node.type === "ClassDeclaration" ? enclosing(ancestors, isBlock) : node, node.id.name);
  };
  ancestor(root, {
    Function: (node, _, ancestors) => visitFunction(node, ancestors),
    Class: (node, _, ancestors) => visitClass(node as Class, ancestors),
    VariableDeclaration(node, _, ancestors) {
      const scope = enclosing(ancestors, node.kind === "var" ? isFunction : isBlock);
      for (const {id} of node.declarations) for (const name of namesIn(id)) declare(scope, name);
    },
    CatchClause(node) {
      if (node.param) for (const name of namesIn(node.param)) declare(node, name);
    }
  });
  return names;
}

/** The free names of an expression. A name that only `typeof` asks about is not read. */
export function freeNames(root: Node): FreeNames {
  const declared = declarations(root);
  const read = new Set<string>();
  const assigned = new Set<string>();
  let importsDynamically = false;
  const isFree = (name: string, ancestors: Node[]) =>
    !ancestors.some((node) => declared.get(node)?.has(name));
  const see = (node: Identifier, ancestors: Node[], writes: boolean) => {
    if (node.name === "undefined" || !isFree(node.name, ancestors)) return;
    const parent = ancestors.at(-2);
    if (parent?.type === "UnaryExpression" && (parent as {operator?: string}).operator === "typeof") return;
    read.add(node.name);
    if (writes || parent?.type === "UpdateExpression") assigned.add(node.name);
  };
  ancestor(root, {
    Identifier: (node, _, ancestors) => see(node, ancestors, false),
    // acorn-walk's name for an identifier that is assigned to or declared.
    VariablePattern: (node: Node, _: unknown, ancestors: Node[]) => see(node as Identifier, ancestors, true),
    ImportExpression() {
      importsDynamically = true;
    }
  } as Parameters<typeof ancestor>[1]);
  return {read: [...read].sort(), assigned: [...assigned].sort(), importsDynamically};
}
