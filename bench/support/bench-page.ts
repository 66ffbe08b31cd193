import {join} from "node:path";
import {build, preview} from "vite";
import {projectRoot} from "../../src/cli/project.ts";

export interface BenchPage {
  /** Served as any host does it. */
  address: string;
  /** Served with the headers that make the page cross-origin isolated: workers may share memory. */
  isolatedAddress: string;
  close(): Promise<void>;
}

/** Builds a page of the bench, e.g. `tables/group-by`, as the product's is built, and serves it on loopback. */
export async function openBenchPage(folder: string): Promise<BenchPage> {
  const outDir = join(projectRoot, ".petri/bench", folder);
  const config = {root: join(projectRoot, "bench", folder), configFile: false, logLevel: "error"} as const;
  await build({
    ...config,
    build: {outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0},
    worker: {format: "es"}
  });
  const serve = (headers: Record<string, string>) =>
    preview({...config, build: {outDir}, preview: {port: 0, host: "127.0.0.1", headers}});
  const plain = await serve({});
  const isolated = await serve({
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp"
  });
  return {
    address: plain.resolvedUrls?.local[0] as string,
    isolatedAddress: isolated.resolvedUrls?.local[0] as string,
    close: async () => {
      await Promise.all([plain.close(), isolated.close()]);
    }
  };
}
