import {openPageBackend} from "./page-backend.ts";
import {readNotebookFile} from "./read-notebook-file.ts";
import {tableReaders} from "./read-table.ts";

// The modules that cells import as petri/*: the same names that the training worker knows.

type LoadModule = () => Promise<object>;

const references = new WeakMap<object, {specifier: string; name: string}>();

/** Loads a module and notes it (as `*`) and under which name each of its functions is exported, so that a run can refer to them. */
function noted(specifier: string, load: LoadModule): LoadModule {
  return async () => {
    const module = await load();
    references.set(module, {specifier, name: "*"});
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === "function" || (typeof value === "object" && value !== null)) {
        references.set(value, {specifier, name});
      }
    }
    return module;
  };
}

/** A module whose functions compute with tensors: a backend is open when a cell gets it. */
function computing(specifier: string, load: LoadModule): LoadModule {
  const loadNoted = noted(specifier, load);
  return async () => {
    const [module] = await Promise.all([loadNoted(), openPageBackend()]);
    return module;
  };
}

/** By specifier. They load tfjs, except datasets and metrics, which are about plain arrays. */
export const petriModules: Readonly<Record<string, LoadModule>> = {
  "petri/core": computing("petri/core", () => import("./ops/core/index.ts")),
  "petri/datasets": noted("petri/datasets", async () => {
    const datasets = await import("./ops/datasets/index.ts");
    datasets.configureDatasets({
      fetchBytes: (path) => readNotebookFile(document.baseURI, path),
      tables: tableReaders
    });
    return datasets;
  }),
  "petri/forward-forward": computing("petri/forward-forward", () => import("./ops/forward-forward/index.ts")),
  "petri/kan": computing("petri/kan", () => import("./ops/kan/index.ts")),
  "petri/metrics": noted("petri/metrics", () => import("./ops/metrics/index.ts")),
  "petri/moe": computing("petri/moe", () => import("./ops/moe/index.ts")),
  "petri/pruning": computing("petri/pruning", () => import("./ops/pruning/index.ts")),
  "petri/zoo": computing("petri/zoo", () => import("./ops/zoo/index.ts"))
};

/** Where a value was exported from, when it came from one of these modules. */
export function moduleOf(value: unknown): {specifier: string; name: string} | undefined {
  const isReference = typeof value === "function" || (typeof value === "object" && value !== null);
  return isReference ? references.get(value) : undefined;
}
