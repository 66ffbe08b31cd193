import {join} from "node:path";
import {buildApp} from "../publish/app.ts";
import {bundleApp} from "../publish/vite/bundle-app.ts";
import {projectRoot} from "./project.ts";

/** The folder of the built page; builds it first when the sources have changed. */
export async function builtApp(): Promise<string> {
  const folder = join(projectRoot, ".petri/app");
  await buildApp({
    root: projectRoot,
    folder,
    bundle: (outDir) => bundleApp(projectRoot, outDir),
    onBuild: () => console.error("Building the page ...")
  });
  return folder;
}
