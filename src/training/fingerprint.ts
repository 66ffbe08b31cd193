import {canonical} from "./canonical.ts";
import {normalise} from "./capture/normalise.ts";
import {parseFunction} from "./capture/parse.ts";
import type {Captured} from "./capture/types.ts";
import {digest} from "./sha256.ts";

/** Everything that determines what a run computes, but for its backend and live values. */
export interface RunInputs {
  fn: Captured;
  params: Readonly<Record<string, unknown>>;
  seed: number;
  dataHash: string;
  versions: Readonly<Record<string, string>>;
  /** Ends a run early or not. */
  diverge: unknown;
}

/** SHA-256 (hex) of a run's inputs. Layout and comments of the code do not count, nor do the names of variables. */
export async function structureHash(inputs: RunInputs): Promise<string> {
  const {fn, params, seed, dataHash, versions, diverge} = inputs;
  const names = fn.functions.map(({scope}) => Object.keys(scope));
  const code = fn.functions.map(({source, method}, i) => {
    const parsed = parseFunction(source);
    return {code: parsed ? normalise(parsed.node, names[i]) : source, method};
  });
  // By place, as in the code.
  const scopes = fn.functions.map(({scope}) => Object.values(scope));
  const patches = fn.patches.map(({target, key, use, index}) => {
    const i = fn.functions.findIndex(({scope}) => scope === target);
    return i < 0
      ? {target, key, use, index}
      : {target: scopes[i], key: names[i].indexOf(String(key)), use, index};
  });
  // Patches name their target by identity, which `canonical` numbers within one value.
  return textHash(
    await canonical({code, scopes, patches, modules: fn.modules, params, seed, dataHash, versions, diverge})
  );
}

/** SHA-256 (hex) of a structure with the live values that a run starts with: all of it but the backend. */
export async function inputsHash(
  structure: string,
  live: Readonly<Record<string, unknown>>
): Promise<string> {
  return textHash(`${structure} ${await canonical(live)}`);
}

/** The fingerprint of a run: its inputs, and what it computes on (null while nobody knows). */
export function fingerprintOf(inputs: string, backend: string | null): Promise<string> {
  return textHash(`${inputs} ${backend}`);
}

const dataHashes = new WeakMap<object, Promise<string>>();

/**
 * SHA-256 of the data given to a run. It is computed once for an object: data that has been given to train() must
 * not be changed in place, as for every value of a dataflow.
 */
export function hashData(data: unknown): Promise<string> {
  if (typeof data !== "object" || data === null) return canonical(data).then(textHash);
  const known = dataHashes.get(data);
  if (known) return known;
  const hash = canonical(data).then(textHash);
  dataHashes.set(data, hash);
  return hash;
}

const textHash = (text: string) => digest(new TextEncoder().encode(text));
