import {readdirSync} from "node:fs";
import {firstSentence, headerOf} from "./docstring.ts";
import {type Entry, entriesOf} from "./entries.ts";
import {type IndexedModule, indexPage} from "./index-page.ts";
import {modulePage, type Places} from "./module-page.ts";
import {type OpsPackage, readPackage} from "./packages.ts";
import {Sources} from "./sources.ts";

/** The reference: its notebooks by their path below `reference/`, and modules without a runnable example. */
export interface Reference {
  pages: ReadonlyMap<string, string>;
  withoutExample: string[];
}

/**
 * Makes the reference of all packages below a folder (`src/ops`) from their index files, docstrings and signatures: an
 * index and a page a module. The same sources give the same text.
 */
export function makeReference(folder: string): Reference {
  const sources = new Sources(folder);
  const packages = packageNames(folder).flatMap((name) => readPackage(name, sources) ?? []);
  const places = placesOf(packages);
  const pages = new Map<string, string>();
  const withoutExample: string[] = [];
  const indexed = packages.map(({name, summary, modules}) => {
    const lines = modules.map((module) => {
      const path = module.file.fileName;
      const documented = {
        name: module.name,
        path,
        header: headerOf(module.file),
        entries: entriesOf(module, sources)
      };
      pages.set(`${name}/${module.name}.html`, modulePage(name, documented, places));
      if (lacksExample(documented.entries)) withoutExample.push(`src/ops/${path}`);
      return lineOf(documented);
    });
    return {name, summary, modules: lines};
  });
  pages.set("index.html", indexPage(indexed));
  return {pages, withoutExample};
}

/** The folders of the packages; what every other one stands on comes first. */
function packageNames(folder: string): string[] {
  const folders = readdirSync(folder, {withFileTypes: true}).filter((entry) => entry.isDirectory());
  const names = folders.map(({name}) => name).sort();
  return [...names.filter((name) => name === "core"), ...names.filter((name) => name !== "core")];
}

function placesOf(packages: readonly OpsPackage[]): Places {
  const places = new Map<string, string>();
  for (const {name, modules} of packages)
    for (const module of modules)
      for (const exported of module.exported.values())
        if (!places.has(exported)) places.set(exported, `${name}/${module.name}`);
  return places;
}

/** A module's line of the index; without a header its first function speaks for it. */
function lineOf({name, path, header, entries}: Parameters<typeof modulePage>[1]): IndexedModule {
  const values = entries.filter(({kind}) => kind === "value");
  const text = header || (values.find(({doc}) => doc.text)?.doc.text ?? "");
  const folder = path.split("/").slice(1, -1).join("/");
  // A module of types is found by their names.
  const listed = values.length > 0 ? values : entries;
  return {name, folder, summary: firstSentence(text), names: listed.map((entry) => entry.name)};
}

/** Types need none. */
function lacksExample(entries: readonly Entry[]): boolean {
  const values = entries.filter(({kind}) => kind === "value");
  return values.length > 0 && values.every(({doc}) => doc.examples.length === 0);
}
