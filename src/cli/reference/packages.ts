import {basename, dirname} from "node:path";
import ts from "typescript/lib/typescript.js";
import {headerOf} from "./docstring.ts";
import {isDocumented, isExported, namesOf, type Sources} from "./sources.ts";

/** One file that a package exports, wholly or in part: a page of the reference. */
export interface ModuleFile {
  file: ts.SourceFile;
  /** The page's name, e.g. "dense". */
  name: string;
  /** Names of the file and what a cell calls them: "uniform" is "random.uniform". */
  exported: ReadonlyMap<string, string>;
}

/** What one index file exports. */
export interface OpsPackage {
  /** The folder's name, e.g. "core". */
  name: string;
  /** What the index file says of it, without the name. */
  summary: string;
  modules: ModuleFile[];
}

/** Reads `<name>/index.ts`: its modules in the order of their folders and names. */
export function readPackage(name: string, sources: Sources): OpsPackage | undefined {
  const index = sources.file(`${name}/index.ts`);
  if (!index) return undefined;
  const exported = new Map<ts.SourceFile, Map<string, string>>();
  collect(index, sources, exported);
  const inside = [...exported].filter(([file]) => file.fileName.startsWith(`${name}/`));
  const names = inside.map(([file]) => basename(file.fileName, ".ts"));
  const modules = inside.map(([file, names]) => ({file, name: pageName(file), exported: names}));
  function pageName(file: ts.SourceFile): string {
    const own = basename(file.fileName, ".ts");
    const isTaken = names.filter((other) => other === own).length > 1 || own === "index";
    return isTaken ? `${basename(dirname(file.fileName))}-${own}` : own;
  }
  const order = ({file, name: page}: ModuleFile) => `${dirname(file.fileName)}/${page}`;
  modules.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return {name, summary: headerOf(index).replace(/^petri\/[\w-]+:\s*/, ""), modules};
}

/** Notes the names that an index file exports, by the file that declares them. */
function collect(
  index: ts.SourceFile,
  sources: Sources,
  into: Map<ts.SourceFile, Map<string, string>>,
  within = ""
): void {
  for (const statement of index.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) continue;
    const file = sources.imported(index, (statement.moduleSpecifier as ts.StringLiteral).text);
    if (!file) continue;
    const {exportClause: clause} = statement;
    const names = into.get(file) ?? new Map<string, string>();
    if (clause && ts.isNamedExports(clause)) {
      for (const {name, propertyName} of clause.elements)
        names.set((propertyName ?? name).text, within + name.text);
    } else {
      const prefix = clause ? `${within}${clause.name.text}.` : within;
      // What is also exported by itself is found by its shorter name.
      for (const name of exportsOf(file)) if (!names.has(name)) names.set(name, prefix + name);
    }
    if (names.size > 0) into.set(file, names);
    if (!clause || ts.isNamespaceExport(clause)) {
      collect(file, sources, into, clause ? `${within}${clause.name.text}.` : within);
    }
  }
}

function exportsOf(file: ts.SourceFile): string[] {
  return file.statements.flatMap((node) => (isDocumented(node) && isExported(node) ? namesOf(node) : []));
}
