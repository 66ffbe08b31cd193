import type {Bench} from "./measurement.ts";

/** The subjects of `npm run bench`, each with its parts; loaded when asked for. */
export const subjects: Record<string, () => Promise<Record<string, Bench>>> = {
  runtime: async () => ({
    page: (await import("./page.ts")).page
  })
};
