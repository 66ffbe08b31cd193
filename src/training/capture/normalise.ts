import type {Identifier, Node} from "acorn";
import {declarations, everyName} from "./declarations.ts";

/**
 * Source without what does not count: comments, layout, the way a literal is written, and the names of its variables.
 * `given` are the free names whose values come from outside, in order: each stands as its place in that list.
 * Equal text, equal behaviour (of code that does not read its own names, as through `fn.name`).
 */
export function normalise(root: Node, given: readonly string[] = []): string {
  const names = neutralNames(root, given);
  // The replacer sees what holds a value as `this`.
  return JSON.stringify(root, function (this: unknown, key, value: unknown) {
    if (key === "start" || key === "end" || key === "shorthand") return undefined;
    // A template's raw text can be read by its tag; a literal's cannot.
    if (key === "raw" && "type" in (this as object)) return undefined;
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number" && !Number.isFinite(value)) return `number ${value}`;
    if (value instanceof RegExp) return String(value);
    return names.get(value as Node) ?? value;
  });
}

/** What stands for the identifiers that are variables: `%n` for the n-th one it declares, `$n` for the n-th given one. */
function neutralNames(root: Node, given: readonly string[]): Map<Node, string> {
  const declared = declarations(root);
  const numbers = new Map<Node, Map<string, string>>();
  let count = 0;
  const numberOf = (scope: Node, name: string): string => {
    const known = numbers.get(scope) ?? new Map<string, string>();
    numbers.set(scope, known);
    const number = known.get(name) ?? `%${count++}`;
    known.set(name, number);
    return number;
  };
  const names = new Map<Node, string>();
  everyName(root, (node, ancestors) => {
    const {name} = node;
    if (name === "arguments" || name === "undefined") return;
    const scope = scopeOf(node, ancestors, declared);
    const place = given.indexOf(name);
    if (scope) names.set(node, numberOf(scope, name));
    else if (place >= 0) names.set(node, `$${place}`);
  });
  return names;
}

function scopeOf(
  node: Identifier,
  ancestors: readonly Node[],
  declared: Map<Node, Set<string>>
): Node | undefined {
  const parent = ancestors.at(-2) as (Node & {id?: Node}) | undefined;
  // The name of a declaration belongs to what is around it, whatever its own parameters are called.
  const isOwnName = parent?.type === "FunctionDeclaration" && parent.id === node;
  const around = ancestors.slice(0, isOwnName ? -2 : -1);
  return around.findLast((scope) => declared.get(scope)?.has(node.name));
}
