import {builtApp} from "../../../src/cli/built-app.ts";

/** Builds the page once for all files; each serves it over a folder of its own. */
export async function setup(): Promise<void> {
  await builtApp();
}
