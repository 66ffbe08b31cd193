import type {Bench} from "./measurement.ts";

/** The subjects of `npm run bench`, each with its parts; loaded when asked for. */
export const subjects: Record<string, () => Promise<Record<string, Bench>>> = {
  runtime: async () => ({
    dataflow: (await import("./runtime.ts")).dataflow,
    page: (await import("./page.ts")).page
  })
};
