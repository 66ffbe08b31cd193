import {cell, prose, table} from "./markdown.ts";
import {notebookText} from "./notebook-text.ts";

/** A module as the index lists it. */
export interface IndexedModule {
  name: string;
  /** Its folder in the package, e.g. "layers"; empty for files at the top. */
  folder: string;
  summary: string;
  /** What can be imported from it; types only where there is nothing else. */
  names: string[];
}

interface IndexedPackage {
  name: string;
  summary: string;
  modules: IndexedModule[];
}

const opening = `# Reference

Everything that cells and training functions can import from Petri, a page a module, each with an example that runs here.

A cell says \`import {dense} from "petri/core"\`; a function given to \`train\` finds the same names in \`ops\`: \`ops.dense\`,
\`ops.datasets.digits\`. \`tf\`, also of \`petri/core\`, is [TensorFlow.js](https://js.tensorflow.org/api/latest/). A tensor that a cell makes stays until the
page is closed or \`dispose()\` frees it; \`tf.tidy(() => ...)\` frees what was made on the way.`;

/** The notebook that lists the packages and their modules. */
export function indexPage(packages: readonly IndexedPackage[]): string {
  const cells = packages.map((each) => ({type: "text/markdown" as const, source: section(each)}));
  return notebookText("Reference", [{type: "text/markdown", source: opening}, ...cells]);
}

function section({name, summary, modules}: IndexedPackage): string {
  const folders = [...new Set(modules.map(({folder}) => folder))];
  const lists = folders.map((folder) => {
    const rows = modules
      .filter((module) => module.folder === folder)
      .map((module) => [`[${module.name}](./${name}/${module.name})`, described(module)]);
    const heading = folder ? [`### ${capitalised(folder)}`] : [];
    return [...heading, table(["module", ""], rows)].join("\n\n");
  });
  return [`## petri/${name}`, prose(capitalised(summary)), ...lists].join("\n\n");
}

/** The summary, and the names where they do not go without saying. */
function described({name, summary, names}: IndexedModule): string {
  const others = names.length === 1 && names[0] === name ? [] : names;
  const list = others.map((each) => `\`${each}\``).join(" ");
  return [cell(summary), list && `<small>${list}</small>`].filter(Boolean).join("<br>");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
