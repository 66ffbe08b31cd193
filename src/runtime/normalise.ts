import type {Identifier, Node} from "acorn";
import {parseBody} from "./instrument.ts";
import {type Binding, isNode, resolveNames} from "./scopes.ts";

/** Facts of the text, not of the code. */
const POSITIONS = new Set(["start", "end", "loc", "range", "raw", "parent"]);

/**
 * A text that is the same for two functions exactly when they differ in nothing but comments, formatting, quotes
 * and the names of their own variables. `body` is a function expression; its parameters keep their names, since
 * they say what is read, and so do names declared at its top, which say what is defined, unless they are `own`.
 */
export function normaliseFunction(body: string, own: readonly string[] = []): string {
  const root = parseBody(body);
  const numbers = new Map<Binding, number>();
  const names = new Map<Node, string>();
  for (const {node, binding} of resolveNames(root)) {
    if (!binding || binding.name === "arguments") continue;
    if (binding.scope === root && !own.includes(binding.name)) continue;
    const number = numbers.get(binding) ?? numbers.size;
    numbers.set(binding, number);
    names.set(node as Identifier, `%${number}`);
  }
  return print(root, names);
}

function print(value: unknown, names: Map<Node, string>): string {
  if (Array.isArray(value)) return `[${value.map((element) => print(element, names)).join()}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof RegExp || typeof value !== "object" || value === null) {
    return value === undefined ? "" : (JSON.stringify(value) ?? String(value));
  }
  if (isNode(value)) {
    const name = names.get(value);
    if (name !== undefined) return name;
    if (value.type === "TemplateElement") {
      return JSON.stringify((value as unknown as {value: {raw: string}}).value.raw);
    }
  }
  const fields = Object.entries(value)
    .filter(([key, field]) => !POSITIONS.has(key) && (key === "value" || (field !== null && field !== false)))
    .map(([key, field]) => (key === "type" ? String(field) : `${key}:${print(field, names)}`));
  return `{${fields.join()}}`;
}
