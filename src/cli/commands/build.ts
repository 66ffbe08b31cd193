import {resolve} from "node:path";
import {buildSite, OccupiedFolderError} from "../../publish/site/build-site.ts";
import {writeServiceWorker} from "../../publish/site/write-service-worker.ts";
import {readArguments, UsageError} from "../arguments.ts";
import {builtApp} from "../built-app.ts";
import {notebooksRoot} from "../notebooks-root.ts";
import {npmBuilder} from "../npm-source.ts";
import {projectRoot} from "../project.ts";

/** `petri build`: the workbench and all notebooks as static files. */
export async function build(args: string[]): Promise<void> {
  const {values} = readArguments(args, {
    out: {type: "string"},
    root: {type: "string"},
    base: {type: "string"}
  });
  // Every address of the site is relative; a base is accepted for the build commands of hosts, and changes nothing.
  if (values.base !== undefined && !/^\/([^?#]*\/)?$/.test(values.base))
    throw new UsageError(`--base must be a path such as /notebooks/; got "${values.base}".`);
  const out = values.out ? resolve(process.env.INIT_CWD ?? ".", values.out) : resolve(projectRoot, "dist");
  const notebooks = await notebooksRoot(values.root);
  try {
    const app = await builtApp();
    const report = await buildSite({
      app,
      notebooks,
      out,
      buildNpm: npmBuilder(notebooks),
      writeServiceWorker
    });
    const size = (report.sizeBytes / 2 ** 20).toFixed(1);
    console.log(`${report.notebooks} notebooks, ${report.files} files, ${size} MiB in ${out}`);
  } catch (error) {
    throw error instanceof OccupiedFolderError ? new UsageError(error.message) : error;
  }
}
