import {type Identifier, type Node, parseExpressionAt} from "acorn";
import {full} from "acorn-walk";
import {Edits} from "./edits.ts";
import {type Binding, type Occurrence, resolveNames} from "./scopes.ts";

const FUNCTIONS = new Set(["FunctionExpression", "ArrowFunctionExpression"]);
const DECLARATIONS = new Set(["FunctionDeclaration", "ClassDeclaration"]);

interface Place {
  line: number;
  column: number;
}

/**
 * Adds to the function of a cell what the page needs to be told: dynamic imports and import.meta go through
 * `__petri`, and functions that a training worker may be sent are registered with their free names. Lines keep
 * their numbers. `lineOffset` is the body's line minus the source's.
 */
export function instrument(body: string, cellId: number, lineOffset: number): string {
  const root = parseBody(body);
  const edits = new Edits(body);
  full(root, (node) => {
    if (node.type === "ImportExpression") edits.replace(node.start, node.start + 6, "__petri.import");
    else if (node.type === "MetaProperty" && body.startsWith("import", node.start)) {
      edits.replace(node.start, node.end, "__petri.meta");
    }
  });
  const places = functionsToCapture(root);
  if (places.length > 0) {
    const names = resolveNames(root);
    for (const {fn, name, at} of places) {
      const free = freeNames(fn, names);
      const place: Place = {
        line: (fn.loc?.start.line ?? 1) - lineOffset,
        column: (fn.loc?.start.column ?? 0) + 1
      };
      const rest = `, () => ({${free.join(", ")}}), {cellId: ${cellId}, line: ${place.line}, column: ${place.column}})`;
      if (name === null) {
        edits.insert(fn.start, "__petri.captured(");
        edits.insert(fn.end, rest);
      } else edits.insert(at, `;__petri.captured(${name}${rest};`);
    }
  }
  return edits.isEmpty ? body : String(edits);
}

/** Parses the function expression of a cell. */
export function parseBody(body: string): Node {
  return parseExpressionAt(body, 0, {ecmaVersion: "latest", sourceType: "module", locations: true});
}

interface Capture {
  fn: Node;
  /** The variable that holds it, registered at `at` in a statement of its own; null: wrapped where it stands. */
  name: string | null;
  at: number;
}

/** Function literals given to train(), functions and classes declared at the top, and functions a cell returns. */
function functionsToCapture(root: Node): Capture[] {
  const captures: Capture[] = [];
  const add = (fn: Node) => captures.push({fn, name: null, at: 0});
  const block = (root as unknown as {body: Node}).body;
  const top = new Set(block.type === "BlockStatement" ? (block as unknown as {body: Node[]}).body : []);
  let trains = false;
  full(root, (node) => {
    if (node.type === "Identifier" && (node as Identifier).name === "train") trains = true;
  });
  full(root, (node) => {
    if (node.type === "CallExpression") {
      const call = node as unknown as {callee: Identifier; arguments: Node[]};
      if (call.callee.name === "train") for (const a of call.arguments) if (FUNCTIONS.has(a.type)) add(a);
    } else if (top.has(node) && node.type === "ReturnStatement") {
      const value = (node as unknown as {argument: Node | null}).argument;
      if (value && FUNCTIONS.has(value.type)) add(value);
    } else if (node.type === "BlockStatement" && (node === block || trains)) {
      const statements = (node as unknown as {body: Node[]}).body;
      for (const statement of statements) captures.push(...declared(statement, node.start + 1));
    }
  });
  return captures;
}

/** Functions that one statement declares; hoisted ones are registered at the start of their block. */
function declared(statement: Node, blockStart: number): Capture[] {
  if (DECLARATIONS.has(statement.type)) {
    const {id} = statement as unknown as {id: Identifier};
    const at = statement.type === "FunctionDeclaration" ? blockStart : statement.end;
    return [{fn: statement, name: id.name, at}];
  }
  if (statement.type !== "VariableDeclaration") return [];
  const {declarations} = statement as unknown as {declarations: {id: Identifier; init: Node | null}[]};
  return declarations.flatMap(({id, init}) =>
    init && id.type === "Identifier" && FUNCTIONS.has(init.type)
      ? [{fn: init, name: id.name, at: statement.end}]
      : []
  );
}

/** Names a function takes from around it, within the cell. */
function freeNames(fn: Node, names: Occurrence[]): string[] {
  const inside = ({scope}: Binding) => scope.start >= fn.start && scope.end <= fn.end;
  const own = DECLARATIONS.has(fn.type) ? (fn as unknown as {id: Identifier}).id : null;
  const free = new Set<string>();
  for (const {node, binding} of names) {
    // Its own name is free only where it calls itself.
    if (node.start < fn.start || node.end > fn.end || !binding || node === own) continue;
    if (!inside(binding) && node.name !== "arguments" && node.name !== "__petri") free.add(node.name);
  }
  return [...free];
}
