import {rm} from "node:fs/promises";
import {appFolder, builtApp} from "../../../src/cli/built-app.ts";

/**
 * Builds the page once for all files; each serves it over a folder of its own. When that fails, the tests that need the
 * page fail, and those that do not are run: an error here would stop them all.
 */
export async function setup(): Promise<void> {
  try {
    await builtApp();
  } catch (error) {
    console.error("The page could not be built:", error);
    await rm(appFolder, {recursive: true, force: true});
  }
}
