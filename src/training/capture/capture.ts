import {CaptureError} from "../errors.ts";
import {Copier} from "./copy.ts";
import {freeNames} from "./free-names.ts";
import {nameHint, pageAdvice} from "./hints.ts";
import {parseFunction} from "./parse.ts";
import type {Captured, FunctionOrigin, ModuleReference} from "./types.ts";
import {workerGlobals} from "./worker-globals.ts";

// biome-ignore lint/complexity/noBannedTypes: any function at all can be a value that a training function uses.
export type AnyFunction = Function;

/** What only the page knows about values. */
export interface CaptureSources {
  /** The variables that a function of a cell can see, by name; undefined for other functions. */
  scopeOf?(fn: AnyFunction): Readonly<Record<string, unknown>> | undefined;
  /** Where a function stands in its cell. */
  originOf?(fn: AnyFunction): FunctionOrigin | undefined;
  /** The module and name that a value was exported under, for modules that the worker has too. */
  moduleOf?(value: unknown): ModuleReference | undefined;
}

/** `Captured` and what stays on the page: where each of its functions stands. */
export interface Capture {
  captured: Captured;
  /** Aligned with `captured.functions`. */
  origins: (FunctionOrigin | undefined)[];
  /** Buffers in `captured` that belong to it alone. */
  buffers: ArrayBuffer[];
}

/**
 * A function with the values of its free names, copied as they are now. Functions among them travel by their
 * source, with their own free names; exports of modules that the worker has, by name.
 * @throws CaptureError naming what cannot be sent, and why.
 */
export function capture(fn: AnyFunction, sources: CaptureSources): Capture {
  const captured: Captured = {functions: [], modules: [], patches: []};
  const origins: Capture["origins"] = [];
  const seen = new Map<AnyFunction, number>();
  const modules = new Map<string, number>();

  const copier = new Copier((value, path, target, key) => {
    const reference = sources.moduleOf?.(value);
    if (reference) captured.patches.push({target, key, use: "module", index: moduleIndex(reference)});
    else if (typeof value === "function") {
      captured.patches.push({target, key, use: "function", index: functionIndex(value, path)});
    } else return false;
    return true;
  });

  const moduleIndex = (reference: ModuleReference): number => {
    const id = `${reference.specifier} ${reference.name}`;
    const known = modules.get(id);
    if (known !== undefined) return known;
    modules.set(id, captured.modules.length);
    return captured.modules.push({...reference}) - 1;
  };

  const functionIndex = (value: AnyFunction, path: string): number => {
    const known = seen.get(value);
    if (known !== undefined) return known;
    const source = String(value);
    const parsed = parseFunction(source);
    if (!parsed) throw new CaptureError(path, unreadable(path));
    const scope: Record<string, unknown> = {};
    // Known before its names are looked at: functions may call each other.
    const index = captured.functions.push({source, method: parsed.method, scope}) - 1;
    seen.set(value, index);
    origins.push(sources.originOf?.(value));
    const names = freeNames(parsed.node);
    // A helper's import(...) has become __petri.import(...) where the cell was compiled.
    if (names.importsDynamically || names.read.includes("__petri"))
      throw new CaptureError(path, dynamicImport(path));
    const visible = sources.scopeOf?.(value);
    for (const name of names.read) {
      const at = path === "train" ? name : `${path}'s ${name}`;
      if (visible && name in visible && !isThereToo(name, visible)) {
        if (names.assigned.includes(name)) throw new CaptureError(at, assignment(name));
        copier.put(read(visible, name, at), at, scope, name);
      } else if (!workerGlobals.has(name)) {
        throw new CaptureError(at, unknownName(name, path, visible !== undefined));
      }
    }
    return index;
  };

  functionIndex(fn, "train");
  return {captured, origins, buffers: copier.buffers};
}

/** Whether the name means something of the platform's, of which the worker has its own. */
function isThereToo(name: string, scope: Readonly<Record<string, unknown>>): boolean {
  if (!workerGlobals.has(name)) return false;
  const onPage = (globalThis as Readonly<Record<string, unknown>>)[name];
  return onPage !== undefined && read(scope, name, name) === onPage;
}

function read(scope: Readonly<Record<string, unknown>>, name: string, path: string): unknown {
  try {
    return scope[name];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaptureError(path, `The training function uses ${name}, which cannot be read yet: ${reason}.`);
  }
}

const unreadable = (path: string) =>
  `${path} is a built-in or bound function, which has no source to send to the training worker. ` +
  "Wrap it in a function of your own that takes what it needs as arguments.";

const dynamicImport = (path: string) =>
  `${path} says import(...), which a training function cannot. Import the module at the top of a cell and use the names it gives.`;

const assignment = (name: string) =>
  `The training function assigns to ${name}, which lives on the page: the worker has only a copy. ` +
  "Yield the value in a row, or keep it in a variable inside the function.";

function unknownName(name: string, path: string, hasScope: boolean): string {
  const who = path === "train" ? "The training function" : `${path}, which the training function uses,`;
  const hint = nameHint(name);
  if (hint) return `${who} uses ${name}. ${hint}`;
  if (hasScope)
    return `${who} uses ${name}, which is not defined in the notebook and does not exist in a worker.`;
  return path === "train"
    ? `${who} uses ${name}, whose value cannot be seen from here. Define the function in a cell, or pass ${name} in params.`
    : `${who} comes from a library or from inside another function: it lives on the page with what it uses and cannot be sent to the training worker. ${pageAdvice}`;
}
