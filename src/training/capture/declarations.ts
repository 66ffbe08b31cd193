import type {
  AnonymousFunctionDeclaration,
  Class,
  Function as FunctionNode,
  Identifier,
  Node,
  Pattern
} from "acorn";
import {ancestor} from "acorn-walk";

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
export function declarations(root: Node): Map<Node, Set<string>> {
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

/**
 * Calls back with every place where a name of a variable stands: read, declared or assigned to (`writes`). The last
 * of `ancestors` is the identifier itself.
 */
export function everyName(
  root: Node,
  see: (node: Identifier, ancestors: Node[], writes: boolean) => void
): void {
  ancestor(root, {
    Identifier: (node, _, ancestors) => see(node, ancestors, false),
    // acorn-walk's name for an identifier that is assigned to or declared.
    VariablePattern: (node: Node, _: unknown, ancestors: Node[]) => see(node as Identifier, ancestors, true)
  } as Parameters<typeof ancestor>[1]);
}
