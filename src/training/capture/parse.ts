import {type Expression, parse} from "acorn";

/** The syntax tree of one function's source. */
export interface ParsedFunction {
  node: Expression;
  /** True when the source is a method's: the tree is then an object literal around it. */
  method: boolean;
}

function parseExpression(source: string): Expression {
  // Cells are strict and modern, and so is what they define.
  const {body} = parse(source, {ecmaVersion: "latest", sourceType: "module"});
  const [statement] = body;
  if (body.length !== 1 || statement?.type !== "ExpressionStatement")
    throw new SyntaxError("Not one expression");
  return statement.expression;
}

/**
 * The tree of what `Function.prototype.toString` returned: a function, an arrow, a class or a method. Null when it
 * is none of these, as for native code.
 */
export function parseFunction(source: string): ParsedFunction | null {
  for (const method of [false, true]) {
    try {
      return {node: parseExpression(method ? `({${source}\n})` : `(${source}\n)`), method};
    } catch {
      // A method is not an expression, so the second form is tried; native code is neither.
    }
  }
  return null;
}
