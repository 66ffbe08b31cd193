import {canonical} from "./canonical.ts";
import {normalise, parseFunction} from "./capture/parse.ts";
import type {Captured} from "./capture/types.ts";
import {digest} from "./sha256.ts";

/** Everything that determines what a run computes. */
export interface RunInputs {
  fn: Captured;
  params: Readonly<Record<string, unknown>>;
  seed: number;
  dataHash: string;
  versions: Readonly<Record<string, string>>;
  /** Ends a run early or not. */
  diverge: unknown;
}

/** SHA-256 (hex) of a run's inputs. Layout and comments of the code do not count. */
export async function structureHash(inputs: RunInputs): Promise<string> {
  const {fn, params, seed, dataHash, versions, diverge} = inputs;
  const code = fn.functions.map(({source, method}) => {
    const parsed = parseFunction(source);
    return {code: parsed ? normalise(parsed.node) : source, method};
  });
  const scopes = fn.functions.map(({scope}) => scope);
  // Patches name their target by identity, which `canonical` numbers within one value.
  return textHash(
    await canonical({
      code,
      scopes,
      patches: fn.patches,
      modules: fn.modules,
      params,
      seed,
      dataHash,
      versions,
      diverge
    })
  );
}

/** The fingerprint of a run: its structure and the live values that it starts with. */
export async function fingerprintOf(
  structure: string,
  live: Readonly<Record<string, unknown>>
): Promise<string> {
  return textHash(`${structure} ${await canonical(live)}`);
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
