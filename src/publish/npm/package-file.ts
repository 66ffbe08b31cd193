import {realpathSync, statSync} from "node:fs";
import {join, sep} from "node:path";
import type {NpmSpecifier} from "../../runtime/npm-specifier.ts";
import {NpmPathMissingError} from "./errors.ts";
import {requireInstalled} from "./installed.ts";

/** A file of an installed package as it is; a link that leads out of the package is refused. */
export function packageFile(
  specifier: NpmSpecifier,
  roots: readonly string[]
): {file: string; version: string} {
  const {folder, version} = requireInstalled(specifier, roots);
  const wanted = join(folder, specifier.path);
  if (statSync(wanted, {throwIfNoEntry: false})?.isFile()) {
    const file = realpathSync(wanted);
    if (file.startsWith(folder + sep)) return {file, version};
  }
  throw new NpmPathMissingError(specifier.name, version, specifier.path);
}
