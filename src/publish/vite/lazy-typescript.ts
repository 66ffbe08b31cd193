import {fileURLToPath} from "node:url";
import type {Plugin} from "vite";

const shim = "/src/runtime/typescript.ts";
const root = new URL("../../..", import.meta.url);

/**
 * Gives notebook-kit our lazily loaded `typescript`, so that its main entry weighs 46 KB and not 1 MB (gzip).
 * `prebundled`: for Vite's dependency optimizer, which must leave the module outside of its bundle, where our code
 * finds the same instance.
 */
export function lazyTypeScript({prebundled = false} = {}): Plugin {
  return {
    name: "petri:lazy-typescript",
    enforce: "pre",
    resolveId(source, importer) {
      if (source !== "typescript" || !importer?.includes("notebook-kit")) return null;
      return prebundled ? {id: shim, external: "absolute"} : fileURLToPath(new URL(`.${shim}`, root));
    }
  };
}
