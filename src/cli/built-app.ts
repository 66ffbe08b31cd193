import {join} from "node:path";
import {buildApp} from "../publish/app.ts";
import {bundleApp} from "../publish/vite/bundle-app.ts";
import {projectRoot} from "./project.ts";

/** The folder of the built page. */
export const appFolder = join(projectRoot, ".petri/app");

/** The folder of the built page; builds it first when the sources have changed. */
export async function builtApp(): Promise<string> {
  await buildApp({
    root: projectRoot,
    folder: appFolder,
    bundle: (outDir) => bundleApp(projectRoot, outDir),
    onBuild: () => console.error("Building the page ...")
  });
  return appFolder;
}
