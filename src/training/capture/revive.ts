import type {Captured, CapturedFunction} from "./types.ts";

/** Modules that a worker can give to training functions, by specifier. */
export type WorkerModules = Readonly<Record<string, () => Promise<object>>>;

/** A captured function alive in the worker, and the script names of its functions for finding them in a stack. */
export interface Revived {
  fn: (context: unknown) => unknown;
  /** Aligned with `Captured.functions`. */
  scripts: Script[];
}

/** One function's evaluated source. */
export interface Script {
  /** As it appears in a stack trace. */
  url: string;
  /** Characters before the source on its first line. */
  prefix: number;
}

/** A function about to be: `bind` gives its free names their values, `make` evaluates its source. */
type Embryo = [bind: (scope: Record<string, unknown>) => void, make: () => AnyFunction];

/**
 * Brings a captured function to life: every function is made from its source in a strict script of its own named
 * `<id>-<n>.js`, those it refers to first (a class needs its base), then the holes in values are filled.
 * @throws Error when a module is unknown or lacks a name.
 */
export async function revive(captured: Captured, id: string, modules: WorkerModules): Promise<Revived> {
  const {functions, patches} = captured;
  const exports = await Promise.all(captured.modules.map((reference) => load(reference, modules)));
  const alive: (AnyFunction | undefined)[] = functions.map(() => undefined);
  const scripts: Script[] = [];
  const embryos = functions.map((part, i) => {
    const {code, prefix} = script(part);
    const url = `${id}-${i}.js`;
    scripts.push({url, prefix});
    // Indirect eval: the code sees the worker's globals and nothing of this file.
    // biome-ignore lint/security/noGlobalEval: running the notebook's own code is what a training worker is for.
    return globalThis.eval(`${code}\n//# sourceURL=${url}`) as Embryo;
  });
  const fill = ({target, key, use, index}: Captured["patches"][number]) => {
    (target as Record<string | number, unknown>)[key] = use === "module" ? exports[index] : alive[index];
  };
  const begun = new Set<number>();
  const make = (i: number) => {
    if (begun.has(i)) return;
    begun.add(i);
    const {scope} = functions[i];
    for (const patch of patches) {
      if (patch.target !== scope) continue;
      if (patch.use === "function") make(patch.index);
      fill(patch);
    }
    embryos[i][0](scope);
    alive[i] = embryos[i][1]();
  };
  for (const i of functions.keys()) make(i);
  // Now that all are alive: holes inside values, and names of functions that refer to each other.
  for (const patch of patches) fill(patch);
  for (const [i, [bind]] of embryos.entries()) bind(functions[i].scope);
  return {fn: alive[0] as Revived["fn"], scripts};
}

// biome-ignore lint/complexity/noBannedTypes: what a cell defined, whatever its signature.
type AnyFunction = Function;

function script({source, method, scope}: CapturedFunction): {code: string; prefix: number} {
  const names = Object.keys(scope);
  // A name that no source uses; the scope's names are all that could clash.
  let values = "scope";
  while (source.includes(values)) values += "_";
  const list = names.join(", ");
  const bind = names.length > 0 ? `${values} => { ({${list}} = ${values}); }` : "() => {}";
  const head = `"use strict";${names.length > 0 ? `let ${list};` : ""}[${bind}, () => `;
  const open = method ? "Object.values({" : "(";
  const close = method ? "\n})[0]]" : "\n)]";
  return {code: `${head}${open}${source}${close}`, prefix: head.length + open.length};
}

async function load(reference: Captured["modules"][number], modules: WorkerModules): Promise<unknown> {
  const open = modules[reference.specifier];
  if (!open) throw new Error(`The training worker has no module ${reference.specifier}.`);
  const namespace = (await open()) as Record<string, unknown>;
  if (reference.name === "*") return namespace;
  if (!(reference.name in namespace))
    throw new Error(`${reference.specifier} does not export ${reference.name}.`);
  return namespace[reference.name];
}
