import {defineConfig} from "vitest/config";

// Files that share one process: each by itself would load tfjs and the library again. They leave nothing behind: they
// choose their backends themselves, and what they allocate is counted. What is loaded but once needs a process of its own.
const shared = ["test/ops/!(datasets).test.ts", "test/ops/pruning-methods/*.test.ts"];

const options = {sequence: {groupOrder: 1}, testTimeout: 20_000};

export default defineConfig({
  test: {
    name: "node",
    projects: [
      {extends: "./vite.config.ts", test: {...options, name: "ops", include: shared, isolate: false}},
      {
        extends: "./vite.config.ts",
        test: {
          ...options,
          name: "rest",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "test/e2e/**", ...shared]
        }
      }
    ]
  }
});
