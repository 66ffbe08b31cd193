import type {Identifier, Node} from "acorn";

/** A name that is declared somewhere in a piece of code. */
export interface Binding {
  name: string;
  /** The function, block or program that holds it. */
  scope: Node;
}

/** An identifier that stands for a variable (not a property or a label). */
export interface Occurrence {
  node: Identifier;
  /** Null for a name that is declared outside of the code. */
  binding: Binding | null;
}

interface Scope {
  node: Node;
  parent: Scope | null;
  isFunction: boolean;
  names: Map<string, Binding>;
}

interface Pending {
  node: Identifier;
  scope: Scope;
}

type Fields = Record<string, unknown>;

/** Resolves every variable name in `root` to its declaration; in the order of the source. */
export function resolveNames(root: Node): Occurrence[] {
  const pending: Pending[] = [];
  const top: Scope = {node: root, parent: null, isFunction: true, names: new Map()};
  visit(root, top);
  return pending.map(({node, scope}) => ({node, binding: lookup(scope, node.name)}));

  function declare(pattern: Node, scope: Scope): void {
    switch (pattern.type) {
      case "Identifier": {
        const {name} = pattern as Identifier;
        if (!scope.names.has(name)) scope.names.set(name, {name, scope: scope.node});
        break;
      }
      case "ObjectPattern":
        for (const property of children(pattern, "properties")) {
          declare(property.type === "Property" ? child(property, "value") : property, scope);
        }
        break;
      case "ArrayPattern":
        for (const element of children(pattern, "elements")) declare(element, scope);
        break;
      case "RestElement":
        declare(child(pattern, "argument"), scope);
        break;
      case "AssignmentPattern":
        declare(child(pattern, "left"), scope);
        break;
    }
  }

  function visitFunction(node: Node, scope: Scope): void {
    const inner = nested(node, scope, true);
    const id = maybe(node, "id");
    if (node.type !== "ArrowFunctionExpression") {
      inner.names.set("arguments", {name: "arguments", scope: node});
      if (id && node.type === "FunctionExpression") declare(id, inner);
    }
    if (id) pending.push({node: id as Identifier, scope: node.type === "FunctionExpression" ? inner : scope});
    for (const param of children(node, "params")) declare(param, inner);
    for (const param of children(node, "params")) visit(param, inner);
    const body = child(node, "body");
    if (body.type === "BlockStatement")
      for (const statement of children(body, "body")) hoist(statement, inner);
    if (body.type === "BlockStatement")
      for (const statement of children(body, "body")) visit(statement, inner);
    else visit(body, inner);
  }

  /** Declares what a statement of a block declares in it, before the block is walked. */
  function hoist(statement: Node, scope: Scope): void {
    const id = maybe(statement, "id");
    if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") {
      if (id) declare(id, scope);
    }
  }

  function visitBlock(node: Node, statements: Node[], scope: Scope): void {
    const inner = nested(node, scope, false);
    for (const statement of statements) hoist(statement, inner);
    for (const statement of statements) visit(statement, inner);
  }

  function visit(node: Node, scope: Scope): void {
    switch (node.type) {
      case "Program":
        for (const statement of children(node, "body")) hoist(statement, scope);
        for (const statement of children(node, "body")) visit(statement, scope);
        return;
      case "Identifier":
        pending.push({node: node as Identifier, scope});
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        visitFunction(node, scope);
        return;
      case "ClassDeclaration":
      case "ClassExpression": {
        const inner = node.type === "ClassExpression" ? nested(node, scope, false) : scope;
        const id = maybe(node, "id");
        if (id) declare(id, inner);
        generic(node, inner);
        return;
      }
      case "VariableDeclaration": {
        const target = (node as unknown as Fields).kind === "var" ? functionScope(scope) : scope;
        for (const declaration of children(node, "declarations")) declare(child(declaration, "id"), target);
        generic(node, scope);
        return;
      }
      case "ImportDeclaration":
        for (const specifier of children(node, "specifiers")) declare(child(specifier, "local"), scope);
        for (const specifier of children(node, "specifiers")) visit(child(specifier, "local"), scope);
        return;
      case "BlockStatement":
      case "StaticBlock":
        visitBlock(node, children(node, "body"), scope);
        return;
      case "SwitchStatement":
        visit(child(node, "discriminant"), scope);
        visitBlock(node, children(node, "cases"), scope);
        return;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        generic(node, nested(node, scope, false));
        return;
      case "CatchClause": {
        const inner = nested(node, scope, false);
        const param = maybe(node, "param");
        if (param) declare(param, inner);
        generic(node, inner);
        return;
      }
      case "MemberExpression":
        visit(child(node, "object"), scope);
        if ((node as unknown as Fields).computed) visit(child(node, "property"), scope);
        return;
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition": {
        if ((node as unknown as Fields).computed) visit(child(node, "key"), scope);
        const value = maybe(node, "value");
        if (value) visit(value, scope);
        return;
      }
      case "LabeledStatement":
        visit(child(node, "body"), scope);
        return;
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
        return;
      default:
        generic(node, scope);
    }
  }

  function generic(node: Node, scope: Scope): void {
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const element of value) if (isNode(element)) visit(element, scope);
      } else if (isNode(value)) visit(value, scope);
    }
  }
}

function nested(node: Node, parent: Scope, isFunction: boolean): Scope {
  return {node, parent, isFunction, names: new Map()};
}

function functionScope(scope: Scope): Scope {
  let current = scope;
  while (!current.isFunction && current.parent) current = current.parent;
  return current;
}

function lookup(scope: Scope, name: string): Binding | null {
  for (let current: Scope | null = scope; current; current = current.parent) {
    const binding = current.names.get(name);
    if (binding) return binding;
  }
  return null;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

function child(node: Node, name: string): Node {
  return (node as unknown as Record<string, Node>)[name];
}

function maybe(node: Node, name: string): Node | null {
  return (node as unknown as Record<string, Node | null | undefined>)[name] ?? null;
}

function children(node: Node, name: string): Node[] {
  return (node as unknown as Record<string, (Node | null)[]>)[name].filter((n): n is Node => n !== null);
}
