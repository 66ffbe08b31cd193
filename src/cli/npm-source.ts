import {join} from "node:path";
import {NotebookFolder} from "../publish/notebook-folder.ts";
import {npmModules, prebuildNpmModules} from "../publish/npm-modules.ts";
import {projectRoot} from "./project.ts";

/** Packages are taken from the notebooks' own node_modules, where there are any, else from the project's. */
function folders(notebooks: string) {
  return {roots: [notebooks, projectRoot], outDir: join(projectRoot, ".petri/npm")};
}

/** Answers a decoded path below `npm/` with a file; see npmModules. */
export function npmSource(notebooks: string): (path: string) => Promise<string> {
  return npmModules(folders(notebooks));
}

/** Fills a site's `npm/` folder; tells of imports that will not work there. */
export function npmBuilder(notebooks: string): (site: string) => Promise<void> {
  return async (site) => {
    const folder = new NotebookFolder(notebooks);
    const entries = await folder.list();
    const texts = await Promise.all(entries.map(async ({name}) => (await folder.read(name)).text));
    const {warnings, failures} = await prebuildNpmModules({...folders(notebooks), notebooks: texts, site});
    for (const warning of warnings) console.error(`Note: ${warning}`);
    for (const {specifier, error} of failures) console.error(`${specifier} will not work: ${error.message}`);
  };
}
