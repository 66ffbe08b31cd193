import ts from "typescript/lib/typescript.js";
import {defaultsOf, thrownBy} from "./defaults.ts";
import {type Docstring, docstringOf} from "./docstring.ts";
import {type Field, fieldsOf, type Inherited, optionsOf} from "./fields.ts";
import type {ModuleFile} from "./packages.ts";
import {type Documented, isDocumented, namesOf, type Sources} from "./sources.ts";

/** An option with what it is when it is left out. */
export interface Option extends Field {
  default: string;
}

/** One exported name of a module. */
export interface Entry {
  /** As a cell calls it. */
  name: string;
  kind: "value" | "type";
  /** The declaration without its body. */
  signature: string;
  doc: Docstring;
  options: Option[];
  /** Types whose members are options too, which may have a page of their own. */
  inherited: Inherited<Option>[];
  /** Members of a class or a record. */
  fields: Field[];
  /** Error classes. */
  throws: string[];
}

/** What a module exports, in the order of its source; types that are told as options of its functions are left out. */
export function entriesOf({file, exported}: ModuleFile, sources: Sources): Entry[] {
  const entries = new Map<string, Entry>();
  const told = new Set<string>();
  for (const statement of file.statements) {
    if (!isDocumented(statement)) continue;
    for (const own of namesOf(statement)) {
      const name = exported.get(own);
      if (name === undefined) continue;
      const entry = entryOf(own, name, statement, sources, told);
      const earlier = entries.get(name);
      entries.set(name, earlier ? overloaded(earlier, entry, statement) : entry);
    }
  }
  return [...entries.values()].filter(({name, kind}) => kind === "value" || !told.has(name));
}

/** A further signature of a function; the one with the body is nobody's to call, but says what is thrown. */
function overloaded(earlier: Entry, entry: Entry, node: Documented): Entry {
  const isBody = ts.isFunctionDeclaration(node) && node.body !== undefined;
  const signature = isBody ? earlier.signature : `${earlier.signature}\n${entry.signature}`;
  return {...earlier, signature, throws: entry.throws};
}

function entryOf(own: string, name: string, node: Documented, sources: Sources, told: Set<string>): Entry {
  const file = node.getSourceFile();
  const base: Entry = {
    name,
    kind: ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) ? "type" : "value",
    signature: signatureOf(own, node),
    doc: docstringOf(node, file),
    options: [],
    inherited: [],
    fields: [],
    throws: []
  };
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
    return {...base, ...typeMembers(base.signature, node)};
  const throws = thrownBy(node, sources);
  if (ts.isClassDeclaration(node)) return {...base, fields: fieldsOf(node.members, file), throws};
  const fn = ts.isFunctionDeclaration(node) ? node : functionOf(own, node);
  return fn ? {...base, throws, ...optionTable(fn, sources, told)} : {...base, throws};
}

/** The members of a record as a table where the code says more of them than their types, else as they stand in the code. */
function typeMembers(
  signature: string,
  node: ts.InterfaceDeclaration | ts.TypeAliasDeclaration
): Pick<Entry, "signature" | "fields"> {
  const file = node.getSourceFile();
  const record = ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type) ? node.type : node;
  if (!ts.isInterfaceDeclaration(record) && !ts.isTypeLiteralNode(record)) return {signature, fields: []};
  const fields = fieldsOf(record.members, file);
  if (fields.every(({text}) => text === "")) return {signature, fields: []};
  const opening = file.text.indexOf("{", record.getStart(file)) - node.getStart(file);
  return {signature: withoutModifiers(node.getText(file).slice(0, opening)), fields};
}

function functionOf(name: string, node: ts.VariableStatement): ts.FunctionLikeDeclaration | undefined {
  const {initializer} = node.declarationList.declarations.find((each) => each.name.getText() === name) ?? {};
  return initializer && ts.isArrowFunction(initializer) ? initializer : undefined;
}

/** The options of all parameters, with their defaults. */
function optionTable(
  fn: ts.FunctionLikeDeclaration,
  sources: Sources,
  told: Set<string>
): Pick<Entry, "options" | "inherited"> {
  const file = fn.getSourceFile();
  const all = fn.parameters.flatMap(({type}) => (type ? [optionsOf(type, file, sources)] : []));
  const types = all.flatMap((each) => each.types);
  for (const type of types) told.add(type);
  const defaults = defaultsOf(fn, types, types.length > 0 ? [file, ...all.flatMap(({files}) => files)] : []);
  const withDefault = (field: Field): Option => ({
    ...field,
    default: defaults.get(field.name) ?? (field.optional ? "" : "required")
  });
  const inherited = all.flatMap((each) => each.inherited);
  return {
    options: all.flatMap(({fields}) => fields.map(withDefault)),
    inherited: inherited.map((each) => ({...each, fields: each.fields.map(withDefault)}))
  };
}

/** A declaration as one reads it: without `export`, body and value. */
function signatureOf(name: string, node: Documented): string {
  const file = node.getSourceFile();
  if (ts.isVariableStatement(node)) return constantSignature(name, node);
  const body = ts.isFunctionDeclaration(node) ? node.body?.getStart(file) : undefined;
  const members = ts.isClassDeclaration(node) ? openingOf(node, file) : undefined;
  return withoutModifiers(file.text.slice(node.getStart(file), body ?? members ?? node.end));
}

function withoutModifiers(declaration: string): string {
  return declaration.replace(/^(?:export\s+|async\s+|declare\s+)+/, "").replace(/[\s;=]+$/, "");
}

/** Where the members of a class begin: at the brace. */
function openingOf(node: ts.ClassDeclaration, file: ts.SourceFile): number {
  const brace = node.getChildren(file).find(({kind}) => kind === ts.SyntaxKind.OpenBraceToken);
  return brace?.getStart(file) ?? node.end;
}

function constantSignature(name: string, node: ts.VariableStatement): string {
  const declaration = node.declarationList.declarations.find((each) => each.name.getText() === name);
  const {type, initializer} = declaration ?? {};
  if (type || !initializer) return `const ${name}${type ? `: ${type.getText()}` : ""}`;
  const value =
    ts.isSatisfiesExpression(initializer) || ts.isAsExpression(initializer)
      ? initializer.expression
      : initializer;
  if (ts.isObjectLiteralExpression(value)) {
    const names = value.properties.flatMap((each) => each.name?.getText() ?? []);
    return `const ${name} = {\n${wrapped(names)}\n}`;
  }
  if (!ts.isArrowFunction(value)) return `const ${name}`;
  return `const ${name} = ${value
    .getText()
    .slice(0, value.equalsGreaterThanToken.getStart() - value.getStart())
    .trim()} => ...`;
}

/** Names in lines of at most 80 characters. */
function wrapped(names: readonly string[]): string {
  const lines = [""];
  for (const name of names) {
    const line = lines.at(-1) as string;
    const longer = line === "" ? `  ${name}` : `${line}, ${name}`;
    if (longer.length <= 80) lines[lines.length - 1] = longer;
    else lines.push(`  ${name}`);
  }
  return lines.map((line, i) => (i < lines.length - 1 ? `${line},` : line)).join("\n");
}
