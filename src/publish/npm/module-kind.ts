import {readFileSync} from "node:fs";
import {extname} from "node:path";
import {parse} from "acorn";

/** True when a file is an ES module by what it says, not by its folder: bundlers treat it so too. */
export function isEsModule(file: string): boolean {
  const extension = extname(file);
  if (extension === ".mjs") return true;
  if (extension === ".cjs" || extension === ".json") return false;
  try {
    const program = parse(readFileSync(file, "utf8"), {ecmaVersion: "latest", sourceType: "module"});
    return program.body.some(({type}) => type.startsWith("Import") || type.startsWith("Export"));
  } catch {
    // CommonJS may use what modules forbid (with, octal numbers, return at the top).
    return false;
  }
}
