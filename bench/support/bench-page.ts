import {join} from "node:path";
import {build, preview} from "vite";
import {projectRoot} from "../../src/cli/project.ts";

export interface BenchPage {
  /** Served as any host does it. */
  address: string;
  /** Served with the headers that make the page cross-origin isolated: workers may share memory. */
  isolatedAddress: string;
  /** The folder of the built page. */
  folder: string;
  close(): Promise<void>;
}

/** Builds a page that is no part of the product, e.g. `bench/tables/group-by`, as the product is built; answers its folder. */
export async function buildBenchPage(source: string): Promise<string> {
  const outDir = join(projectRoot, ".petri", source);
  await build({
    root: join(projectRoot, source),
    base: "./",
    configFile: false,
    logLevel: "error",
    build: {outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0},
    worker: {format: "es"}
  });
  return outDir;
}

/** Builds a page and serves it on loopback. */
export async function openBenchPage(source: string): Promise<BenchPage> {
  const folder = await buildBenchPage(source);
  const serve = (headers: Record<string, string>) =>
    preview({
      root: join(projectRoot, source),
      configFile: false,
      logLevel: "error",
      build: {outDir: folder},
      preview: {port: 0, host: "127.0.0.1", headers}
    });
  const plain = await serve({});
  const isolated = await serve({
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp"
  });
  return {
    address: plain.resolvedUrls?.local[0] as string,
    isolatedAddress: isolated.resolvedUrls?.local[0] as string,
    folder,
    close: async () => {
      await Promise.all([plain.close(), isolated.close()]);
    }
  };
}
