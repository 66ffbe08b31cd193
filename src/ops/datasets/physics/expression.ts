// Formulas as text: numbers, names, + - * / ^, brackets and functions of one argument.
import {ArgumentError} from "../../core/errors.ts";

/** A formula as a tree. Operators are "+", "-", "*", "/", "^" of two, "-" of one, and the functions of one. */
export type Expression =
  | {kind: "number"; value: number}
  | {kind: "name"; name: string}
  | {kind: "call"; operator: string; args: Expression[]};

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  sqrt: Math.sqrt,
  exp: Math.exp,
  ln: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  arcsin: Math.asin
};

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b
};

/** How tightly an operator binds; "^" binds to the right. */
const BINDING: Readonly<Record<string, number>> = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4};

/** Binds more tightly than products and less than powers: -x^2 is -(x^2). */
const MINUS_BINDING = 3;

/**
 * The tree of a formula; `pi` is a number. @throws ArgumentError with the place that is wrong.
 *
 * @example
 * import {parseExpression} from "petri/datasets";
 *
 * display(parseExpression("m * v^2 / 2"));
 */
export function parseExpression(text: string): Expression {
  const tokens = [...text.matchAll(/\s*(?:(\d+(?:\.\d*)?|\.\d+)|([A-Za-z]\w*)|(\S))/g)];
  let at = 0;
  const fail = (expected: string): never => {
    const token = tokens[at];
    const found = token ? `“${token[0].trim()}” at ${token.index}` : "the end";
    throw new ArgumentError(`The formula “${text}”: expected ${expected}, found ${found}.`);
  };
  const take = (symbol: string) => {
    if (tokens[at]?.[3] !== symbol) fail(`“${symbol}”`);
    at += 1;
  };
  const operand = (): Expression => {
    const [, number, name, symbol] = tokens[at] ?? fail("a number, a name or “(”");
    at += 1;
    if (number !== undefined) return {kind: "number", value: Number(number)};
    if (name !== undefined) return named(name);
    if (symbol === "-") return {kind: "call", operator: "-", args: [operation(MINUS_BINDING)]};
    at -= 1;
    take("(");
    const inner = operation(0);
    take(")");
    return inner;
  };
  const named = (name: string): Expression => {
    if (name === "pi") return {kind: "number", value: Math.PI};
    if (!Object.hasOwn(FUNCTIONS, name)) return {kind: "name", name};
    take("(");
    const argument = operation(0);
    take(")");
    return {kind: "call", operator: name, args: [argument]};
  };
  const operation = (least: number): Expression => {
    let left = operand();
    for (;;) {
      const operator = tokens[at]?.[3] ?? "";
      const binding = BINDING[operator] ?? -1;
      if (binding < least) return left;
      at += 1;
      left = {kind: "call", operator, args: [left, operation(operator === "^" ? binding : binding + 1)]};
    }
  };
  const tree = operation(0);
  if (at < tokens.length) fail("an operator or the end");
  return tree;
}

/**
 * A formula as a function of the values of these names, in their order. @throws ArgumentError for another name.
 *
 * @example
 * import {compileExpression, parseExpression} from "petri/datasets";
 *
 * const fall = compileExpression("g*t^2/2", ["g", "t"]);
 * display({fallen: fall([9.81, 2]), tree: parseExpression("g*t^2/2")});
 */
export function compileExpression(
  text: string,
  names: readonly string[]
): (values: ArrayLike<number>) => number {
  return compile(parseExpression(text), names);
}

function compile(tree: Expression, names: readonly string[]): (values: ArrayLike<number>) => number {
  if (tree.kind === "number") return () => tree.value;
  if (tree.kind === "name") {
    const index = names.indexOf(tree.name);
    if (index < 0) throw new ArgumentError(`“${tree.name}” is none of the variables ${names.join(", ")}.`);
    return (values) => values[index] as number;
  }
  const [first, second] = tree.args.map((arg) => compile(arg, names)) as [
    (values: ArrayLike<number>) => number,
    ((values: ArrayLike<number>) => number) | undefined
  ];
  if (second) {
    const apply = OPERATORS[tree.operator] as (a: number, b: number) => number;
    return (values) => apply(first(values), second(values));
  }
  const apply = FUNCTIONS[tree.operator] ?? ((x: number) => -x);
  return (values) => apply(first(values));
}
