import {fileURLToPath} from "node:url";
import type {SiteManifest} from "./manifest.ts";

/** Builds `sw.js` into the site's folder. */
export async function writeServiceWorker(site: string, manifest: SiteManifest): Promise<void> {
  const {build} = await import("vite");
  await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: {siteManifest: JSON.stringify(manifest)},
    build: {
      outDir: site,
      emptyOutDir: false,
      target: "es2022",
      reportCompressedSize: false,
      rolldownOptions: {
        input: fileURLToPath(new URL("service-worker.ts", import.meta.url)),
        output: {format: "iife", entryFileNames: "sw.js"}
      }
    }
  });
}
