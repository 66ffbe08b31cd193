import type {Docstring} from "./docstring.ts";
import type {Entry} from "./entries.ts";
import {PageExamples} from "./examples.ts";
import type {Field} from "./fields.ts";
import {block, cell, codeCell, prose, table} from "./markdown.ts";
import {notebookText, type PageCell} from "./notebook-text.ts";

/** Where the types and functions of all packages are told: name -> page, e.g. "Layer" -> "core/layer". */
export type Places = ReadonlyMap<string, string>;

/** A module with what was read of it. */
export interface DocumentedModule {
  name: string;
  /** Its file below `src/ops`. */
  path: string;
  /** What its first comment says. */
  header: string;
  entries: Entry[];
}

/** The page of one module: what it is, then every export with its example, then its types. */
export function modulePage(packageName: string, module: DocumentedModule, places: Places): string {
  const {name, path, header, entries} = module;
  const page = `${packageName}/${name}`;
  const examples = new PageExamples(page);
  const own = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const title = entries.some((entry) => entry.name === own) ? own : name;
  const opening = [`# ${title}`, `[Reference](../index) / petri/${packageName}`];
  if (header) opening.push(prose(header));
  const cells: PageCell[] = [];
  let text = opening;
  const close = () => {
    if (text.length > 0) cells.push({type: "text/markdown", source: text.join("\n\n")});
    text = [];
  };
  for (const [i, entry] of inOrder(entries).entries()) {
    const [heading = "", ...parts] = describe(entry, page, places);
    // What the page is named after needs no heading of its own.
    text.push(...(i === 0 && entry.name === title ? parts : [heading, ...parts]));
    for (const example of entry.doc.examples) {
      close();
      cells.push({type: "module", source: examples.cell(example)});
    }
  }
  text.push(`From \`src/ops/${path}\`.`);
  close();
  return notebookText(`${title} · petri/${packageName}`, cells);
}

/** What can be used comes before the types it takes. */
function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries.filter(({kind}) => kind === "value"), ...entries.filter(({kind}) => kind === "type")];
}

function describe(entry: Entry, page: string, places: Places): string[] {
  const {name, signature, doc, inherited, fields, throws} = entry;
  const elsewhere = inherited.filter(({type}) => places.has(type));
  const here = inherited.filter(({type}) => !places.has(type));
  const options = [...entry.options, ...here.flatMap((each) => each.fields)];
  const parts = [`## ${name}`, block(signature)];
  if (doc.text) parts.push(prose(doc.text));
  if (options.length > 0)
    parts.push(
      table(
        ["option", "default", ""],
        options.map((option) => [
          codeCell(option.signature),
          option.default === "required" || option.default === "" ? option.default : codeCell(option.default),
          cell(option.text)
        ])
      )
    );
  for (const {type, except} of elsewhere) parts.push(inheritedOptions(type, except, page, places));
  if (fields.length > 0) parts.push(fieldTable(fields));
  const errors = errorLines(doc, throws);
  if (errors) parts.push(errors);
  const types = linksOf(entry, page, places);
  if (types) parts.push(types);
  return parts;
}

function fieldTable(fields: readonly Field[]): string {
  return table(
    ["member", ""],
    fields.map(({signature, text}) => [codeCell(signature), cell(text)])
  );
}

function inheritedOptions(type: string, except: readonly string[], page: string, places: Places): string {
  const left = except.map((name) => `\`${name}\``).join(" and ");
  return `And the options of ${link(type, page, places)}${left ? ` except ${left}` : ""}.`;
}

/** What the docstring says of errors, and the classes it does not speak of. */
function errorLines({text, throws: told}: Docstring, thrown: readonly string[]): string {
  const others = thrown.filter((name) => ![text, ...told].some((each) => each.includes(name)));
  const sentences = told.map((text) =>
    prose(text)
      .replace(/^\w+/, "`$&`")
      .replace(/([^.])$/, "$1.")
  );
  if (others.length > 0) sentences.push(`${others.map((name) => `\`${name}\``).join(", ")}.`);
  return sentences.length > 0 ? `**Throws** ${sentences.join(" ")}` : "";
}

/** Links to the types of a signature that are told on other pages. */
function linksOf({signature, fields, options}: Entry, page: string, places: Places): string {
  const words = [signature, ...[...fields, ...options].map((field) => field.signature)].join(" ");
  const names = new Set(words.match(/\b[A-Z]\w+/g) ?? []);
  const links = [...names].filter((name) => (places.get(name) ?? page) !== page).sort();
  if (links.length === 0) return "";
  return `See ${links.map((name) => link(name, page, places)).join(", ")}.`;
}

function link(name: string, page: string, places: Places): string {
  const place = places.get(name);
  if (place === undefined || place === page) return `\`${name}\``;
  return `[${name}](../${place})`;
}
