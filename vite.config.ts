import {fileURLToPath} from "node:url";
import {defineConfig} from "vite";
import {chunkFileName} from "./src/publish/vite/chunk-name.ts";
import {wasmThreads} from "./src/publish/vite/wasm-threads.ts";

// Remarks that no build of ours needs: on modules that are loaded at once here and on use there, and on slow plugins.
const checks = {ineffectiveDynamicImport: false, pluginTimings: false};

export default defineConfig({
  // Relative addresses: the site works under any path.
  base: "./",
  // notebooks/ and data are served or copied by our own code, not by Vite.
  publicDir: false,
  plugins: [wasmThreads()],
  resolve: {
    alias: [
      {
        find: /^typescript$/,
        replacement: fileURLToPath(new URL("./src/runtime/typescript-stub.ts", import.meta.url))
      }
    ]
  },
  worker: {
    format: "es",
    plugins: () => [wasmThreads()],
    rolldownOptions: {output: {chunkFileNames: chunkFileName}, checks}
  },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 4096,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {chunkFileNames: chunkFileName},
      checks
    }
  },
  optimizeDeps: {
    // All that a page may load, found before the first request: a late find reloads the page in the middle of a test.
    // AssemblyScript is no TypeScript: one such file, and the search finds nothing at all.
    entries: ["index.html", "src/**/*.ts", "!src/cli/**", "!src/publish/**", "!src/gpu/wasm/assembly/**"],
    // Its workers and wasm files are reached through ?url, never through the bundler's cache.
    exclude: ["@duckdb/duckdb-wasm"]
  },
  server: {
    host: "127.0.0.1",
    headers: {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "credentialless"
    }
  }
});
