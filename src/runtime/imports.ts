import type {ImportDeclaration, Literal, Program} from "acorn";

/** The import declarations of a program, as JavaScript that imports with `__petri.import(specifier, options, names)`. */
export interface ImportPrelude {
  /** On a single line, so that it shifts no other; empty without imports. */
  code: string;
  declarations: ImportDeclaration[];
}

export function importPrelude(program: Program, input: string): ImportPrelude {
  const declarations = program.body.filter((node) => node.type === "ImportDeclaration");
  if (declarations.length === 0) return {code: "", declarations};
  const names = declarations.map((_, i) => `__module${i}`);
  const calls = declarations.map((node) => importCall(node, input));
  const load = `const [${names.join(", ")}] = await Promise.all([${calls.join(", ")}]);`;
  const bind = declarations.map((node, i) => importBindings(node, names[i])).join("");
  return {code: ` ${load}${bind}`, declarations};
}

function importCall(node: ImportDeclaration, input: string): string {
  const names = node.specifiers.filter((s) => s.type !== "ImportNamespaceSpecifier").map(importedName);
  const attributes = node.attributes.map((a) => input.slice(a.start, a.end)).join(", ");
  const options = attributes ? `{with: {${attributes}}}` : "undefined";
  return `__petri.import(${JSON.stringify(node.source.value)}, ${options}, ${JSON.stringify(names)})`;
}

function importBindings(node: ImportDeclaration, module: string): string {
  const bindings = node.specifiers.map((specifier) =>
    specifier.type === "ImportNamespaceSpecifier"
      ? `${specifier.local.name} = ${module}`
      : `${specifier.local.name} = ${module}[${JSON.stringify(importedName(specifier))}]`
  );
  return bindings.length > 0 ? ` const ${bindings.join(", ")};` : "";
}

function importedName(specifier: ImportDeclaration["specifiers"][number]): string {
  if (specifier.type !== "ImportSpecifier") return "default";
  const {imported} = specifier;
  return imported.type === "Identifier" ? imported.name : String((imported as Literal).value);
}

/**
 * The specifier that a module is asked for by. The kit's parser points bare imports at a CDN; nothing of ours
 * may reach one, so that address becomes the package's name again.
 */
export function localSpecifier(specifier: string): string {
  const match = /^https:\/\/cdn\.jsdelivr\.net\/npm\/(.+?)(?:\/\+esm)?$/.exec(specifier);
  return match ? `npm:${match[1]}` : specifier;
}
