import {join} from "node:path";

/** Builds the page with Vite, quietly, into a folder. Vite is loaded here, so that a start without a build is quick. */
export async function bundleApp(root: string, outDir: string): Promise<void> {
  const {build} = await import("vite");
  await build({
    root,
    configFile: join(root, "vite.config.ts"),
    logLevel: "warn",
    build: {outDir, emptyOutDir: true, reportCompressedSize: false}
  });
}
