import {join} from "node:path";

/** Builds the page with Vite, quietly, into a folder. Vite is loaded here, so that a start without a build is quick. */
export async function bundleApp(root: string, outDir: string): Promise<void> {
  const {build} = await import("vite");
  // The page that tests build is the one that a start finds: without this, libraries would give it their development code.
  const {NODE_ENV} = process.env;
  process.env.NODE_ENV = "production";
  try {
    await build({
      root,
      configFile: join(root, "vite.config.ts"),
      logLevel: "warn",
      build: {outDir, emptyOutDir: true, reportCompressedSize: false}
    });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}
