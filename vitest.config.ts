import {availableParallelism} from "node:os";
import {playwright} from "@vitest/browser-playwright";
import {defineConfig} from "vitest/config";
import {chromiumFlags, findChromium} from "./src/cli/chromium.ts";

// Vitest 5.1 prints failures with Map.groupBy, which Node 20 does not have.
if (!("groupBy" in Map)) {
  const groupBy = <T, K>(items: Iterable<T>, keyOf: (item: T) => K) => {
    const groups = new Map<K, T[]>();
    for (const item of items) {
      const key = keyOf(item);
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
    return groups;
  };
  Object.assign(Map, {groupBy});
}

const executablePath = (await findChromium()) ?? undefined;

export default defineConfig({
  test: {
    projects: [
      "./vitest.node.config.ts",
      {
        extends: "./vite.config.ts",
        // Only tests import it: found late, it would reload the page in the middle of one.
        optimizeDeps: {include: ["axe-core"]},
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          sequence: {groupOrder: 1},
          setupFiles: ["test/browser/support/gpu-errors.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // The default second is too short for a lazily loaded part on a busy machine.
          expect: {poll: {timeout: 10_000}},
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({launchOptions: {executablePath, args: chromiumFlags}}),
            instances: [{browser: "chromium"}]
          }
        }
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/support/global-setup.ts",
          // Each file drives a Chromium of its own; two at once starve each other on a small machine.
          fileParallelism: false,
          // Two cores are kept busy by a page of the others beside one worker, which drives the product first and then
          // computes in Node. More cores have more of both, and this comes after them.
          sequence: {groupOrder: availableParallelism() > 2 ? 2 : 1},
          testTimeout: 150_000,
          hookTimeout: 120_000
        }
      }
    ]
  }
});
