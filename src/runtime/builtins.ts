import {ImportError, UnsupportedCellError} from "./errors.ts";
import {localSpecifier} from "./imports.ts";
import type {RuntimeHooks} from "./types.ts";

/** Loads a module by the name a cell gives it: `npm:d3`, `petri/core`, `./own.js`. */
export type ImportModule = (specifier: string, options?: object) => Promise<object>;

/** What the code of every cell reaches as `__petri`. */
export function runtimeHooks(
  importModule: ImportModule,
  baseUrl: string | undefined,
  resolveModule = (specifier: string) => new URL(specifier, baseUrl).href
): RuntimeHooks {
  return {
    import: async (specifier, options, names = []) => {
      const local = localSpecifier(specifier);
      refuse(local);
      const module = await importModule(local, options);
      const missing = names.find((name) => !(name in module));
      if (missing === undefined) return module;
      const found = Object.keys(module).slice(0, 12).join(", ");
      throw new ImportError(`${local} has no export named ${missing}; it has ${found}.`);
    },
    meta: {url: baseUrl, resolve: (specifier: string) => resolveModule(localSpecifier(specifier))}
  };
}

/** What an import cell of Observable JavaScript fails with. */
export function notebookImportError(notebook: string): ImportError {
  return new ImportError(
    `The notebook ${notebook} lives on observablehq.com, and Petri works without the network. ` +
      `Copy the cells you need into this notebook, or import a package: import {...} from "npm:...".`
  );
}

function refuse(specifier: string): void {
  const [scheme] = /^[a-z]+(?=:)/.exec(specifier) ?? [""];
  if (scheme === "observable" || specifier.startsWith("https://api.observablehq.com/")) {
    throw notebookImportError(specifier.replace(/^observable:/, ""));
  }
  if (scheme === "jsr") {
    throw new ImportError(
      `${specifier} cannot be had without the network. Use npm: with a package from npm.`
    );
  }
}

/** Builtins that the page may replace by its own. */
export const fallbackBuiltins: Record<string, unknown> = {
  DatabaseClient: () => (name: string) => {
    throw new UnsupportedCellError(
      `The database "${name}" is not reachable from a browser. Set the cell's database to var:db, or to a client ` +
        `that a cell makes with DuckDBClient.of({...}).`
    );
  }
};
