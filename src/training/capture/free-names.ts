import type {Identifier, Node} from "acorn";
import {simple} from "acorn-walk";
import {declarations, everyName} from "./declarations.ts";

/** The names a piece of code reads or writes but does not declare. */
export interface FreeNames {
  /** In the order they first appear, each once: their places, unlike the names, say what the code does. */
  read: string[];
  /** Those that it assigns to. */
  assigned: string[];
  /** True when it says `import(...)`. */
  importsDynamically: boolean;
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
  everyName(root, see);
  simple(root, {
    ImportExpression() {
      importsDynamically = true;
    }
  });
  return {read: [...read], assigned: [...assigned], importsDynamically};
}
