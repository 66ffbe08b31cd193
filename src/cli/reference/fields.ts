import ts from "typescript/lib/typescript.js";
import {docstringOf} from "./docstring.ts";
import {type Found, hasModifier, type Sources} from "./sources.ts";

/** A member of a record or class, or an option. */
export interface Field {
  name: string;
  /** As the code has it, e.g. `units: number` or `init(key: Key): P`. */
  signature: string;
  optional: boolean;
  text: string;
}

/** A type that is taken over with exceptions: `Omit<FitOptions, "state">`. */
export interface Inherited<F extends Field = Field> {
  type: string;
  except: string[];
  fields: F[];
}

/** The members of a type that is used as options, and what stands for more. */
export interface Options {
  fields: Field[];
  /** Names of the types that they come from. */
  types: string[];
  /** The files of those types. */
  files: ts.SourceFile[];
  /** Types of which all members but some are taken. */
  inherited: Inherited[];
}

/** The options in a parameter's type: a type literal, a type of ours whose name ends in "Options", or several joined by &. */
export function optionsOf(type: ts.TypeNode, file: ts.SourceFile, sources: Sources): Options {
  const options: Options = {fields: [], types: [], files: [], inherited: []};
  read(type, file, sources, options);
  return options;
}

function read(type: ts.TypeNode, file: ts.SourceFile, sources: Sources, into: Options): void {
  if (ts.isTypeLiteralNode(type)) into.fields.push(...fieldsOf(type.members, file));
  else if (ts.isIntersectionTypeNode(type)) for (const part of type.types) read(part, file, sources, into);
  else if (ts.isTypeReferenceNode(type))
    readNamed(type.typeName.getText(), type.typeArguments, {file, isParent: false}, sources, into);
}

function readNamed(
  name: string,
  args: readonly ts.TypeNode[] | undefined,
  at: {file: ts.SourceFile; isParent: boolean},
  sources: Sources,
  into: Options
): void {
  const [first, second] = args ?? [];
  if ((name === "Pick" || name === "Omit") && first && second) {
    const chosen = [...second.getText().matchAll(/"(\w+)"/g)].map(([, word]) => word as string);
    const all: Options = {fields: [], types: [], files: [], inherited: []};
    const taken = first.getText().replace(/<.*/s, "");
    readNamed(taken, undefined, {...at, isParent: true}, sources, all);
    into.types.push(...all.types);
    into.files.push(...all.files);
    const isChosen = (field: Field) => chosen.includes(field.name) === (name === "Pick");
    const fields = all.fields.filter(isChosen);
    if (name === "Omit") into.inherited.push({type: taken, except: chosen, fields}, ...all.inherited);
    else into.fields.push(...fields);
    return;
  }
  if (!at.isParent && !name.endsWith("Options")) return;
  const found = sources.find(name, at.file);
  if (!found) return;
  into.types.push(name);
  into.files.push(found.file);
  readDeclared(found, sources, into);
}

function readDeclared({node, file}: Found, sources: Sources, into: Options): void {
  if (ts.isTypeAliasDeclaration(node)) read(node.type, file, sources, into);
  if (!ts.isInterfaceDeclaration(node)) return;
  for (const clause of node.heritageClauses ?? [])
    for (const parent of clause.types)
      readNamed(parent.expression.getText(), parent.typeArguments, {file, isParent: true}, sources, into);
  into.fields.push(...fieldsOf(node.members, file));
}

/** The public members of a type literal, interface or class. */
export function fieldsOf(
  members: readonly (ts.TypeElement | ts.ClassElement)[],
  file: ts.SourceFile
): Field[] {
  return members.filter(isPublic).map((member) => ({
    name: member.name?.getText() ?? "",
    signature: signatureOf(member, file),
    optional: "questionToken" in member && member.questionToken !== undefined,
    text: docstringOf(member, file).text
  }));
}

function isPublic(member: ts.TypeElement | ts.ClassElement): boolean {
  if (ts.isConstructorDeclaration(member) || ts.isClassStaticBlockDeclaration(member)) return false;
  if (member.name && (ts.isPrivateIdentifier(member.name) || ts.isComputedPropertyName(member.name)))
    return false;
  return ![ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.OverrideKeyword].some(
    (kind) => hasModifier(member, kind)
  );
}

/** The member without its body, its value and the words that say who may use it. */
function signatureOf(member: ts.TypeElement | ts.ClassElement, file: ts.SourceFile): string {
  const end = ("body" in member && (member.body as ts.Node | undefined)) || undefined;
  const value = ts.isPropertyDeclaration(member) ? member.initializer : undefined;
  const stop = end ?? value;
  const text = file.text.slice(member.getStart(file), stop ? stop.getStart(file) : member.end);
  return text
    .replace(/^(?:(?:public|readonly|async|declare)\s+)+/, "")
    .replace(/\s*[=;,]?\s*$/, "")
    .replace(/\s+/g, " ");
}
