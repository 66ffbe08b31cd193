import {join} from "node:path";
import {NotebookFolder} from "../publish/notebook-folder.ts";
import {NpmModuleError, npmModules, prebuildNpmModules} from "../publish/npm-modules.ts";
import {HttpError} from "../publish/server/http-error.ts";
import {SpecifierError} from "../runtime/npm-specifier.ts";
import {projectRoot} from "./project.ts";

/** Packages beside the notebooks come first, then the project's own. */
function foldersFor(notebooks: string): {roots: string[]; outDir: string} {
  return {roots: [notebooks, projectRoot], outDir: join(projectRoot, ".petri/npm")};
}

/** Answers the address `npm/<path>` with the file of a module, bundled when it is first asked for. */
export function npmSource(notebooks: string): (path: string) => Promise<string> {
  const fileFor = npmModules(foldersFor(notebooks));
  return async (path) => {
    try {
      return await fileFor(decodeURIComponent(path));
    } catch (error) {
      if (error instanceof NpmModuleError || error instanceof SpecifierError || error instanceof URIError)
        throw new HttpError(404, error.message);
      throw error;
    }
  };
}

/** Fills the `npm/` folder of a static site with what the notebooks import, and says what it could not give. */
export function npmBuilder(notebooks: string): (folder: string) => Promise<void> {
  return async (site) => {
    const folder = new NotebookFolder(notebooks);
    const entries = await folder.list();
    const texts = await Promise.all(entries.map(async ({name}) => (await folder.read(name)).text));
    const {warnings, failures} = await prebuildNpmModules({...foldersFor(notebooks), notebooks: texts, site});
    for (const warning of warnings) console.warn(warning);
    for (const {specifier, error} of failures)
      console.warn(`${specifier} will fail on the site: ${error.message}`);
  };
}
