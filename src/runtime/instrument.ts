import {type Identifier, type Node, parseExpressionAt} from "acorn";
import {full} from "acorn-walk";
import {Edits} from "./edits.ts";
import {type Binding, type Occurrence, resolveNames} from "./scopes.ts";

const FUNCTIONS = new Set(["FunctionExpression", "ArrowFunctionExpression"]);
const DECLARATIONS = new Set(["FunctionDeclaration", "ClassDeclaration"]);

/**
 * Adds to the function of a cell what the page needs to be told: dynamic imports and import.meta go through
 * `__petri`, and functions that a training worker may be sent are registered with their free names. Lines keep
 * their numbers. `lineOffset` is the body's line minus the code's; `lines` has the source's line for each of the code,
 * where the code is not the source itself. A function literal given to train() is left as it is inside, since its
 * text is what travels.
 */
export function instrument(
  body: string,
  cellId: number,
  lineOffset: number,
  lines?: readonly number[]
): string {
  const root = parseBody(body);
  const edits = new Edits(body);
  const calls = trainCalls(root);
  full(root, (node) => {
    if (calls.some(({literals}) => literals.some((literal) => contains(literal, node)))) return;
    if (node.type === "ImportExpression") edits.replace(node.start, node.start + 6, "__petri.import");
    else if (node.type === "MetaProperty" && body.startsWith("import", node.start)) {
      edits.replace(node.start, node.end, "__petri.meta");
    }
  });
  const captures = functionsToCapture(root, calls);
  const names = captures.length > 0 ? resolveNames(root) : [];
  for (const {fn, name, at} of captures) {
    // Getters, so that a name is read when the function is sent: it may not have its value yet.
    const scope = freeNames(fn, names).map((free) => `get ${free}() {return ${free};}`);
    const line = (fn.loc?.start.line ?? 1) - lineOffset;
    const column = (fn.loc?.start.column ?? 0) + 1;
    const own = lines?.slice(line - 1, (fn.loc?.end.line ?? 1) - lineOffset);
    const place = `cellId: ${cellId}, line: ${own?.[0] ?? line}, column: ${column}`;
    const rest = `, () => ({${scope.join(", ")}}), {${place}${own ? `, lines: [${own}]` : ""}})`;
    if (name === null) {
      edits.insert(fn.start, "__petri.captured(");
      edits.insert(fn.end, rest);
    } else edits.insert(at, `;__petri.captured(${name}${rest};`);
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

interface TrainCall {
  node: Node;
  /** The functions written in its arguments. */
  literals: Node[];
}

function trainCalls(root: Node): TrainCall[] {
  const calls: TrainCall[] = [];
  full(root, (node) => {
    if (node.type !== "CallExpression") return;
    const {callee, arguments: args} = node as unknown as {callee: Node; arguments: Node[]};
    if (callee.type !== "Identifier" || (callee as Identifier).name !== "train") return;
    calls.push({node, literals: args.filter(({type}) => FUNCTIONS.has(type))});
  });
  return calls;
}

/**
 * Function literals given to train(), functions and classes declared at the top of the cell or in a block that
 * calls train(), and a function that is the cell's value. Not those inside helpers, which may travel themselves.
 */
function functionsToCapture(root: Node, calls: TrainCall[]): Capture[] {
  const captures: Capture[] = calls.flatMap(({literals}) => literals.map((fn) => ({fn, name: null, at: 0})));
  const {body: block} = root as unknown as {body: Node};
  const travels = (node: Node) =>
    calls.some(({literals}) => literals.some((literal) => contains(literal, node)));
  full(root, (node) => {
    if (node.type !== "BlockStatement" || travels(node)) return;
    if (node !== block && !calls.some((call) => contains(node, call.node))) return;
    const {body: statements} = node as unknown as {body: Node[]};
    for (const statement of statements) captures.push(...declared(statement, node.start + 1));
  });
  if (block.type !== "BlockStatement") return captures;
  for (const statement of (block as unknown as {body: Node[]}).body) {
    const {argument} = statement as unknown as {argument?: Node | null};
    if (statement.type === "ReturnStatement" && argument && FUNCTIONS.has(argument.type)) {
      captures.push({fn: argument, name: null, at: 0});
    }
  }
  return captures;
}

function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
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
